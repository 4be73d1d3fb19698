using Akka.Actor;
using NoProp.Actors.Cluster;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What one node can do to the actors of another.</summary>
public sealed class UntrustedModeTests : IAsyncLifetime
{
    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    [Fact]
    public async Task An_actor_is_not_found_by_its_name_and_not_stopped_by_a_poison_pill()
    {
        (ClusterNode here, ClusterNode there) = await TwoAsync();
        IActorRef target = there.System.ActorOf(Props.Create(() => new Echo()), "target");
        IActorRef reference = Elsewhere(here, there, target);

        // In order after each other: the answer to the last one says that the others have come.
        here.System.ActorSelection(target.Path.ToStringWithAddress(Home(there))).Tell("by name", ActorRefs.NoSender);
        reference.Tell(PoisonPill.Instance);

        Assert.Equal("by reference", await reference.Ask<string>("by reference", Nodes.Deadline));
        Assert.Equal("2", await reference.Ask<string>("count", Nodes.Deadline));
    }

    [Fact]
    public async Task The_end_of_an_actor_and_of_its_actor_system_is_noticed_by_who_watches_it()
    {
        (ClusterNode here, ClusterNode there) = await TwoAsync();
        IActorRef stops = there.System.ActorOf(Props.Create(() => new Echo()), "stops");
        IActorRef stays = there.System.ActorOf(Props.Create(() => new Echo()), "stays");
        Task stopped = WatchAsync(here, Elsewhere(here, there, stops));
        Task lost = WatchAsync(here, Elsewhere(here, there, stays));
        Assert.Equal("alive", await Elsewhere(here, there, stays).Ask<string>("alive", Nodes.Deadline));

        there.System.Stop(stops);
        await stopped.WaitAsync(Nodes.Deadline);
        Assert.False(lost.IsCompleted);

        Nodes.Kill(there);
        await lost.WaitAsync(Nodes.Deadline);
    }

    private async Task<(ClusterNode Here, ClusterNode There)> TwoAsync()
    {
        ClusterNode here = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode there = await nodes.StartAsync(NodeRole.Worker, here);
        await Nodes.AwaitMembersAsync(here, here, there);
        return (here, there);
    }

    /// <summary>The reference that a message with it would bring.</summary>
    private static IActorRef Elsewhere(ClusterNode here, ClusterNode there, IActorRef target) =>
        ((ExtendedActorSystem)here.System).Provider.ResolveActorRef(target.Path.ToSerializationFormatWithAddress(Home(there)));

    private static Task WatchAsync(ClusterNode here, IActorRef target)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        here.System.ActorOf(Props.Create(() => new Watcher(target, ended)));
        return ended.Task;
    }

    private static Address Home(ClusterNode node) => ((ExtendedActorSystem)node.System).Provider.DefaultAddress;

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef target, TaskCompletionSource ended)
        {
            Receive<Terminated>(_ => ended.SetResult());
            Context.Watch(target);
        }
    }

    private sealed class Echo : ReceiveActor
    {
        private int count;

        public Echo() => Receive<string>(text =>
        {
            count++;
            Sender.Tell(text == "count" ? $"{count}" : text);
        });
    }
}
