using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using NoProp.Actors.Cluster;
using Xunit.Sdk;
using ClusterSettings = NoProp.Actors.Cluster.ClusterSettings;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Nodes on this machine, all in this process, each at a port of its own.</summary>
internal sealed class Nodes
{
    /// <summary>Less than a third of the usual one: the same protocol, sooner.</summary>
    public static readonly TimeSpan Base = TimeSpan.FromMilliseconds(300);

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.log-dead-letters = off");

    private readonly List<ClusterNode> nodes = [];

    public static ClusterSettings Settings(NodeRole role = NodeRole.Worker, NodeAddress? join = null, TlsSettings? tls = null) => new(
        "test", "127.0.0.1", 0, null, null, join is { } address ? [address] : [], [role], tls, Insecure: false, Base, new());

    /// <summary>The same with half the time to join, for nodes that nobody lets in.</summary>
    public static ClusterSettings Hopeless(ClusterSettings settings) => settings with { Overrides = new(JoinTimeout: 10 * Base) };

    public async Task<ClusterNode> StartAsync(ClusterSettings settings, Config? config = null, Action<ActorSystem>? prepare = null)
    {
        ClusterNode node = await ClusterNode.StartAsync(settings, Quiet.WithFallback(config ?? ConfigurationFactory.Empty), prepare);
        nodes.Add(node);
        return node;
    }

    public Task<ClusterNode> StartAsync(NodeRole role, ClusterNode? join = null, TlsSettings? tls = null) => StartAsync(Settings(role, join?.Address, tls));

    /// <summary>What a process that is killed leaves behind: silence.</summary>
    public static void Kill(ClusterNode node) => ((ExtendedActorSystem)node.System).Abort();

    /// <summary>Waits until a node sees these and no others as members that are up and reachable.</summary>
    public static async Task AwaitMembersAsync(ClusterNode node, params ClusterNode[] members)
    {
        ImmutableHashSet<NodeAddress> expected = [.. members.Select(member => member.Address)];
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef watcher = node.System.ActorOf(Props.Create(() => new Watcher(expected, seen)));
        try
        {
            await seen.Task.WaitAsync(Deadline);
        }
        catch (TimeoutException)
        {
            throw new XunitException($"{node.Address} sees {string.Join(", ", Membership.Get(node.System).State.Members)}, not {string.Join(", ", expected)}");
        }

        node.System.Stop(watcher);
    }

    /// <summary>Ends all of them.</summary>
    public async Task EndAsync()
    {
        foreach (ClusterNode node in nodes)
        {
            Kill(node);
        }

        await Task.WhenAll(nodes.Select(node => node.Ended)).WaitAsync(Deadline);
    }

    private sealed class Watcher : ReceiveActor
    {
        private ImmutableHashSet<Address> up = [];
        private ImmutableHashSet<Address> unreachable = [];

        public Watcher(ImmutableHashSet<NodeAddress> expected, TaskCompletionSource seen)
        {
            Receive<ClusterEvent.CurrentClusterState>(state => Change(
                [.. state.Members.Where(member => member.Status == MemberStatus.Up).Select(member => member.Address)],
                [.. state.Unreachable.Select(member => member.Address)]));
            Receive<ClusterEvent.MemberUp>(e => Change(up.Add(e.Member.Address), unreachable));
            Receive<ClusterEvent.MemberLeft>(e => Change(up.Remove(e.Member.Address), unreachable));
            Receive<ClusterEvent.MemberRemoved>(e => Change(up.Remove(e.Member.Address), unreachable.Remove(e.Member.Address)));
            Receive<ClusterEvent.UnreachableMember>(e => Change(up, unreachable.Add(e.Member.Address)));
            Receive<ClusterEvent.ReachableMember>(e => Change(up, unreachable.Remove(e.Member.Address)));
            Membership.Get(Context.System).Subscribe(
                Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

            void Change(ImmutableHashSet<Address> members, ImmutableHashSet<Address> lost)
            {
                (up, unreachable) = (members, lost);
                if (lost.IsEmpty && expected.SetEquals(members.Select(address => new NodeAddress(address.Host, address.Port ?? 0))))
                {
                    seen.TrySetResult();
                }
            }
        }
    }
}
