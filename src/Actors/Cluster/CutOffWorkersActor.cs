using Akka.Actor;
using Akka.Cluster;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Cluster;

/// <summary>
/// On voters: takes a worker out of the cluster that stays unreachable, before the split-brain resolver decides. Where a worker and the trainer's
/// node do not reach each other, but others reach both, the resolver cannot tell which of the two is at fault and removes both; the trainer is
/// the one that is needed. A voter that does not reach the other voters may be the one that is cut off: it leaves the decision to the resolver.
/// </summary>
internal sealed class CutOffWorkersActor : ReceiveActor, IWithTimers
{
    // Time counts by ticks, so that a process that stood still, and finds what has come meanwhile behind its timers, does not take its own pause
    // for the worker's silence.
    private const int Ticks = 5;

    private readonly Dictionary<UniqueAddress, int> unreachable = [];
    private readonly IMembers members;
    private readonly TimeSpan tick;

    /// <param name="patience">Time that a worker has to come back; below that of the resolver.</param>
    /// <param name="members">The cluster as this node sees it; null for this actor's.</param>
    public CutOffWorkersActor(TimeSpan patience, IMembers? members = null)
    {
        (tick, this.members) = (patience / Ticks, members ?? new ClusterMembers(Membership.Get(Context.System)));
        string voter = ClusterConfig.RoleName(NodeRole.Voter);
        Receive<ClusterEvent.UnreachableMember>(lost => unreachable.TryAdd(lost.Member.UniqueAddress, Ticks), lost => !lost.Member.HasRole(voter));
        Receive<ClusterEvent.ReachableMember>(reachable => unreachable.Remove(reachable.Member.UniqueAddress));
        Receive<ClusterEvent.MemberRemoved>(removed => unreachable.Remove(removed.Member.UniqueAddress));
        Receive<Tick>(_ => Count());
        ReceiveAny(_ => { });
    }

    /// <summary>What a voter knows of the cluster.</summary>
    internal interface IMembers
    {
        /// <summary>Tells somebody of its changes.</summary>
        void Subscribe(IActorRef subscriber);

        /// <summary>Whether this node's own heartbeats reach every other voter.</summary>
        bool ReachesVoters { get; }

        /// <summary>Whether a member, and no later one at its address, is unreachable for anybody.</summary>
        bool IsUnreachable(UniqueAddress member);

        /// <summary>Takes whoever is at an address out of the cluster.</summary>
        void Down(Address address);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        members.Subscribe(Self);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, tick);
    }

    private void Count()
    {
        foreach ((UniqueAddress member, int left) in unreachable.ToArray())
        {
            if (left > 1)
            {
                unreachable[member] = left - 1;
            }
            else if (!members.IsUnreachable(member))
            {
                // It is back, or another process is at its address, and the word of it is on its way.
                unreachable.Remove(member);
            }
            else if (members.ReachesVoters)
            {
                unreachable.Remove(member);
                members.Down(member.Address);
            }
        }
    }

    private sealed class ClusterMembers(Membership membership) : IMembers
    {
        public bool ReachesVoters => membership.State.Members
            .Where(member => member.HasRole(ClusterConfig.RoleName(NodeRole.Voter)) && member.Status == MemberStatus.Up && member.UniqueAddress != membership.SelfUniqueAddress)
            .All(member => membership.FailureDetector.IsAvailable(member.Address));

        public void Subscribe(IActorRef subscriber) => membership.Subscribe(
            subscriber,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.ReachableMember), typeof(ClusterEvent.MemberRemoved));

        public bool IsUnreachable(UniqueAddress member) => membership.State.Unreachable.Any(lost => lost.UniqueAddress == member);

        public void Down(Address address) => membership.Down(address);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
