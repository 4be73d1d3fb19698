using Akka.Actor;
using Akka.Cluster;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Cluster;

/// <summary>
/// On voters: takes a worker out of the cluster that stays unreachable, before the split-brain resolver decides. Where a worker and the trainer's
/// node do not reach each other, but others reach both, the resolver cannot tell which of the two is at fault and removes both; the trainer is
/// the one that is needed.
/// </summary>
internal sealed class CutOffWorkersActor : ReceiveActor, IWithTimers
{
    private readonly Membership membership = Membership.Get(Context.System);

    /// <param name="patience">Time that a worker has to come back; below that of the resolver.</param>
    public CutOffWorkersActor(TimeSpan patience)
    {
        string voter = ClusterConfig.RoleName(NodeRole.Voter);
        Receive<ClusterEvent.UnreachableMember>(
            unreachable => Timers.StartSingleTimer(unreachable.Member.UniqueAddress, new Late(unreachable.Member), patience),
            unreachable => !unreachable.Member.HasRole(voter));
        Receive<ClusterEvent.ReachableMember>(reachable => Timers.Cancel(reachable.Member.UniqueAddress));
        Receive<ClusterEvent.MemberRemoved>(removed => Timers.Cancel(removed.Member.UniqueAddress));
        Receive<Late>(late => membership.Down(late.Member.Address));
        ReceiveAny(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => membership.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.ReachableMember), typeof(ClusterEvent.MemberRemoved));

    protected override void PostStop() => membership.Unsubscribe(Self);

    private sealed record Late(Member Member);
}
