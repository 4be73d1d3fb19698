using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;
using Akka.Serialization;
using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;

namespace NoProp.Host.Tests.Cluster;

/// <summary>What looks like a message: any bytes, for any serializer, as of any type.</summary>
internal sealed record HostileMessage(int Serializer, string Manifest, byte[] Bytes);

/// <summary>Writes them as they are, under the number that each one claims.</summary>
internal sealed class HostileSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private readonly AsyncLocal<int?> claimed = new();

    public override int Identifier => claimed.Value ?? 9999;

    public override string Manifest(object o) => ((HostileMessage)o).Manifest;

    public override byte[] ToBinary(object obj)
    {
        HostileMessage message = (HostileMessage)obj;
        claimed.Value = message.Serializer;
        return message.Bytes;
    }

    public override object FromBinary(byte[] bytes, string manifest) => throw new NotSupportedException();
}

/// <summary>A peer that speaks Akka's protocol and means harm. What it sends follows from its seed.</summary>
internal sealed class HostileNode : IAsyncDisposable
{
    private const string Hostile = """
        akka {
          loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off
          actor.provider = remote
          actor.serializers.hostile = "NoProp.Host.Tests.Cluster.HostileSerializer, NoProp.Host.Tests"
          actor.serialization-bindings { "NoProp.Host.Tests.Cluster.HostileMessage, NoProp.Host.Tests" = hostile }
          remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        }
        """;

    private static readonly string[] Paths =
    [
        "/", "/user", "/system", "/remote", "/deadLetters", "/temp/$a", "/user/run", "/user/run/singleton", "/user/run/singleton/run-1",
        "/user/run/singleton/run-1/links", "/user/run/singleton/run-1/links/link-1", "/user/run/singleton/run-1/trainer", "/user/run/singleton/run-1/trainer/head",
        "/user/run/singleton/run-1/recorder", "/user/run/singleton/run-1/data", "/user/run/singleton/run-1/evaluation", "/user/run/singleton/run-1/followers",
        "/user/worker", "/user/worker/trainer-1", "/user/worker/trainer-1/worker", "/user/worker/trainer-1/loader", "/user/manager", "/user/exits",
        "/system/cluster", "/system/cluster/core", "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver", "/system/remote-watcher",
        "/system/endpointManager", "/system/log1-DefaultLogger",
    ];

    private static readonly int[] Serializers = [-5, -5, 1, 1, 2, 3, 4, 5, 6, 6, 9, 14, 15, 16, 16, 17, 22, 22, 30, 36, 7201, 7201, 7202, 7202];

    private static readonly string[] Manifests =
    [
        "", "", "K", "PP", "ID", "AID", "AR", "STS", "STF", "CF", "FC", "RORRP", "C", "A", "P", "H", "W", "N", "V", "HB", "S", "I",
        "System.Diagnostics.Process, System.Diagnostics.Process", "System.IO.FileInfo, System.Runtime", "System.Windows.Data.ObjectDataProvider, PresentationFramework",
        "java.lang.Runtime", "System.Byte[][][][], mscorlib", "StepsCommitted", "GrantLease", "ImagesReady", "NoProp.Actors.Cluster.HandOver, NoProp.Actors",
        "Akka.Dispatch.SysMsg.Suspend, Akka", "Akka.Dispatch.SysMsg.Terminate, Akka", "Akka.Dispatch.SysMsg.Recreate, Akka", "Akka.Dispatch.SysMsg.Create, Akka",
        "Akka.Dispatch.SysMsg.Failed, Akka", "Akka.Dispatch.SysMsg.Supervise, Akka", "Akka.Actor.Kill, Akka", "Akka.Remote.DaemonMsgCreate, Akka.Remote",
        "Akka.Cluster.GossipEnvelope, Akka.Cluster", "Akka.Cluster.InternalClusterAction+Welcome, Akka.Cluster", "Akka.Cluster.Routing.ClusterRouterPool, Akka.Cluster",
    ];

    private readonly ActorSystem system = ActorSystem.Create("noprop", ConfigurationFactory.ParseString(Hostile).WithFallback(WireConfig.Akka()));
    private readonly Random random;
    private readonly byte[] selections;
    private readonly byte[] identities;

    public HostileNode(int seed)
    {
        random = new(seed);
        selections = Nested(levels: 1500, 6, "", (inner, containers, _) => containers.ToBinary(new ActorSelectionMessage(inner, [new SelectChildName("x")])));
        identities = Nested(levels: 3000, 16, "ID", (inner, _, misc) => misc.ToBinary(new Identify(inner)));
    }

    /// <summary>Sends so many.</summary>
    /// <param name="address">HOST:PORT of the node.</param>
    /// <param name="count">How many.</param>
    public void Send(string address, int count)
    {
        for (int i = 0; i < count; i++)
        {
            IInternalActorRef target = Target(address, Paths[random.Next(Paths.Length)]);
            target.Tell(Message(), random.Next(2) == 0 ? ActorRefs.NoSender : target);
        }
    }

    /// <summary>
    /// Orders actors to stop working, the way an actor system orders its own. The other side breaks the connection at the first one, so nothing that
    /// is sent after it has to arrive.
    /// </summary>
    public void Suspend(string address)
    {
        foreach (string path in Paths)
        {
            Target(address, path).SendSystemMessage(new Suspend());
        }
    }

    /// <summary>Asks an actor there; it answers after everything that it was sent before.</summary>
    public Task<object> AskAsync(string address, string path, object question) => Target(address, path).Ask<object>(question, TimeSpan.FromSeconds(20));

    public async ValueTask DisposeAsync() => await system.Terminate();

    private IInternalActorRef Target(string address, string path) => (IInternalActorRef)((ExtendedActorSystem)system).Provider.ResolveActorRef($"akka.tcp://noprop@{address}{path}");

    private object Message() => random.Next(12) switch
    {
        0 => Kill.Instance,
        1 => PoisonPill.Instance,
        2 => new HostileMessage(22, $"Akka.Dispatch.SysMsg.{(random.Next(2) == 0 ? "Suspend" : "Terminate")}, Akka", []),
        3 => new LinkHello(WireVersion.Current, $"flood-{random.Next()}"),
        4 => new HostileMessage(6, "", selections),
        5 => new HostileMessage(16, "ID", identities),
        6 or 7 => Damaged(),
        8 => new HostileMessage(17, "S", Encoding.UTF8.GetBytes(new string('x', random.Next(100_000)))),
        _ => new HostileMessage(
            random.Next(20) == 0 ? random.Next() : Serializers[random.Next(Serializers.Length)], Manifests[random.Next(Manifests.Length)], Bytes(random.Next(50) == 0 ? 100_000 : 400)),
    };

    /// <summary>A message of NoProp's that is cut off, altered, extended, or given to the wrong serializer.</summary>
    private object Damaged()
    {
        object whole = random.Next(8) switch
        {
            0 => new OfferSlots($"worker-{random.Next()}", random.Next(int.MinValue, int.MaxValue), "0"),
            1 => new FollowRun(random.Next(2) == 0 ? null : "x"),
            2 => new GetTrainingStatus(),
            3 => new WithdrawRun($"run-{random.Next()}"),
            4 => Linked(),
            5 => new ChangePolicies(Evil),
            6 => new ChangePolicies(new Dictionary<string, string> { ["blocks"] = "type:Evil", ["assemblies"] = "/tmp/evil.dll" }),
            _ => new SubmitRun(new string('{', random.Next(5000)), "../../etc"),
        };
        Serializer serializer = system.Serialization.FindSerializerFor(whole);
        byte[] bytes = serializer.ToBinary(whole);
        string manifest = Serialization.ManifestFor(serializer, whole);
        switch (random.Next(5))
        {
            case 0:
                return whole;
            case 1:
                bytes = bytes[..random.Next(bytes.Length)];
                break;
            case 2:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 3:
                // A length, as likely as not.
                BitConverter.TryWriteBytes(bytes.AsSpan(random.Next(Math.Max(1, bytes.Length - 4))), random.Next(2) == 0 ? int.MaxValue : -1);
                break;
            default:
                return new HostileMessage(Serializers[random.Next(Serializers.Length)], manifest, [.. bytes, .. Bytes(20)]);
        }

        return new HostileMessage(serializer.Identifier, manifest, bytes);
    }

    /// <summary>Policies that would bring code.</summary>
    public static IReadOnlyDictionary<string, string> Evil { get; } = new Dictionary<string, string> { ["blocks"] = "type:Evil" };

    /// <summary>What would be trained, if it were not to come by a link.</summary>
    private HostileMessage Linked()
    {
        Lease lease = new(new BlockId(1 + random.Next(4)), new LeaseEpoch(random.Next(1, 100)), new StepRange(0, 1 + random.Next(100)), "worker");
        object message = random.Next(4) switch
        {
            0 => new GrantLease(lease, State: null),
            1 => new ImagesReady(random.Next(), Bytes(2000), Bytes(100)),
            2 => new RevokeLease(lease),
            _ => new RunEnded(RunOutcome.Stopped, null, default!, []),
        };
        bool isBulk = message is not RevokeLease;
        SerializerWithStringManifest serializer = isBulk ? new BulkSerializer((ExtendedActorSystem)system) : new HyperionSerializer((ExtendedActorSystem)system);
        return new HostileMessage(serializer.Identifier, serializer.Manifest(message), serializer.ToBinary(message));
    }

    private byte[] Bytes(int most)
    {
        byte[] bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Nested(int levels, int serializer, string manifest, Func<HostileMessage, MessageContainerSerializer, MiscMessageSerializer, byte[]> wrap)
    {
        ExtendedActorSystem extended = (ExtendedActorSystem)system;
        (MessageContainerSerializer containers, MiscMessageSerializer misc) = (new(extended), new(extended));
        byte[] bytes = [];
        for (int i = 0; i < levels && bytes.Length < 120_000; i++)
        {
            bytes = wrap(new HostileMessage(serializer, manifest, bytes), containers, misc);
        }

        return bytes;
    }
}
