using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Serialization;
using Xunit;

namespace NoProp.Actors.Tests.Serialization;

/// <summary>Of Akka's own messages a node takes those alone that nodes of a cluster have to say to each other.</summary>
public sealed class GuardTests() : TestKit(ConfigurationFactory.ParseString("akka { actor.provider = cluster, remote.dot-netty.tcp.hostname = 127.0.0.1, remote.dot-netty.tcp.port = 0, loglevel = OFF, coordinated-shutdown.run-by-actor-system-terminate = off }")
    .WithFallback(WireConfig.Akka()).WithFallback(SettingsLoader.Load().Config))
{
    private const int Misc = 16;
    private const int System = 22;

    private Akka.Serialization.Serialization Akka => Sys.Serialization;

    [Theory]
    [InlineData(Misc, "K")]
    [InlineData(Misc, "PP")]
    [InlineData(Misc, "CF")]
    [InlineData(Misc, "STF")]
    [InlineData(Misc, "RORRP")]
    [InlineData(System, "Akka.Dispatch.SysMsg.Suspend, Akka")]
    [InlineData(System, "Akka.Dispatch.SysMsg.Recreate, Akka")]
    [InlineData(System, "Akka.Dispatch.SysMsg.Terminate, Akka")]
    [InlineData(System, "Akka.Dispatch.SysMsg.Create, Akka")]
    [InlineData(System, "System.Diagnostics.Process, System.Diagnostics.Process")]
    [InlineData(5, "Akka.Cluster.Routing.ClusterRouterPool, Akka.Cluster")]
    [InlineData(2, "Akka.Remote.Serialization.Proto.Msg.Identify, Akka.Remote")]
    [InlineData(3, "Akka.Remote.DaemonMsgCreate, Akka.Remote")]
    [InlineData(36, "a")]
    [InlineData(1, "System.IO.FileInfo, System.Runtime")]
    public void What_would_change_or_make_an_actor_is_refused_and_counted(int serializer, string manifest)
    {
        long before = WireCounters.Of(Sys).ForbiddenReceived;

        WireException refusal = Assert.Throws<WireException>(() => Akka.Deserialize([], serializer, manifest));

        Assert.StartsWith($"the type '{manifest}' may not be received", refusal.Message);
        Assert.Equal(before + 1, WireCounters.Of(Sys).ForbiddenReceived);
    }

    [Fact]
    public void That_somebody_watches_and_that_somebody_has_ended_comes_through()
    {
        IInternalActorRef actor = (IInternalActorRef)TestActor;

        Assert.IsType<Watch>(Again(new Watch(actor, actor)));
        Assert.IsType<Unwatch>(Again(new Unwatch(actor, actor)));
        Assert.IsType<DeathWatchNotification>(Again(new DeathWatchNotification(actor, existenceConfirmed: true, addressTerminated: false)));
        Assert.Equal(7L, Assert.IsType<Identify>(Again(new Identify(7L))).MessageId);
        Assert.Equal(7L, Assert.IsType<Identify>(Assert.IsType<ActorSelectionMessage>(Again(new ActorSelectionMessage(new Identify(7L), []))).Message).MessageId);
    }

    [Theory]
    [InlineData("InternalClusterAction+InitJoin")]
    [InlineData("InternalClusterAction+InitJoinAck", "akka.tcp://noprop@127.0.0.1:1")]
    [InlineData("ClusterUserAction+Leave", "akka.tcp://noprop@127.0.0.1:1")]
    public void What_nodes_of_a_cluster_say_to_each_other_comes_through_by_name(string name, string? address = null)
    {
        Type type = typeof(global::Akka.Cluster.Cluster).Assembly.GetType($"Akka.Cluster.{name}")!;
        object message = address is null ? Activator.CreateInstance(type)! : Activator.CreateInstance(type, Address.Parse(address))!;

        Assert.IsType(type, Assert.IsType<ActorSelectionMessage>(Again(new ActorSelectionMessage(message, []))).Message);
    }

    [Fact]
    public void Messages_within_messages_are_not_followed_to_the_end_of_the_stack()
    {
        object nested = new Identify(1L);
        for (int i = 0; i < 5; i++)
        {
            nested = new Identify(nested);
        }

        Assert.Contains("nested deeper than 3 levels", Assert.ThrowsAny<SerializationException>(() => Again(nested)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(22)]
    [InlineData(7201)]
    [InlineData(7202)]
    public void A_message_that_names_no_type_is_refused_and_counted(int serializer)
    {
        Assert.Throws<WireException>(() => Akka.Deserialize([1, 2, 3], serializer, (string)null!));

        Assert.Equal(1, WireCounters.Of(Sys).Damaged + WireCounters.Of(Sys).ForbiddenReceived);
    }

    [Fact]
    public void A_message_to_a_path_comes_without_a_manifest()
    {
        byte[] selection = Akka.FindSerializerForType(typeof(ActorSelectionMessage)).ToBinary(new ActorSelectionMessage(new Identify(7L), []));

        Assert.IsType<ActorSelectionMessage>(Akka.Deserialize(selection, 6, (string)null!));
    }

    [Fact]
    public void Bytes_that_are_no_message_of_Akkas_are_refused_and_counted()
    {
        Assert.Throws<WireException>(() => Akka.Deserialize([255, 1, 2], Misc, "ID"));

        Assert.Equal(1, WireCounters.Of(Sys).Damaged);
    }

    private object Again(object message)
    {
        Serializer serializer = Akka.FindSerializerFor(message);
        return Akka.Deserialize(serializer.ToBinary(message), serializer.Identifier, global::Akka.Serialization.Serialization.ManifestFor(serializer, message));
    }
}
