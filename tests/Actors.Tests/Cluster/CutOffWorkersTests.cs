using Akka.Actor;
using Akka.Cluster;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using Xunit;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Which workers a voter takes out of the cluster, and when it leaves that to others.</summary>
public sealed class CutOffWorkersTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Nodes nodes = new();
    private readonly TestKit kit = new();
    private readonly View view;
    private ClusterEvent.UnreachableMember lost = null!;
    private ClusterEvent.UnreachableMember lostVoter = null!;

    public CutOffWorkersTests() => view = new(kit.TestActor);

    // Members are made by clusters only.
    public async Task InitializeAsync()
    {
        ClusterNode trainer = await nodes.StartAsync(NodeRole.Trainer);
        ClusterNode worker = await nodes.StartAsync(NodeRole.Worker, trainer);
        await Nodes.AwaitMembersAsync(trainer, trainer, worker);
        Member[] members = [.. Membership.Get(trainer.System).State.Members.OrderByDescending(member => member.HasRole("worker"))];
        (lost, lostVoter) = (new(members[0]), new(members[1]));
        view.Unreachable = members[0].UniqueAddress;
    }

    public Task DisposeAsync() => nodes.EndAsync();

    public void Dispose() => kit.Dispose();

    [Fact]
    public void A_worker_that_stays_unreachable_is_removed_once()
    {
        Start().Tell(lost);

        kit.ExpectMsg(lost.Member.Address);
        kit.ExpectNoMsg(3 * Patience);
    }

    [Fact]
    public void A_voter_that_is_unreachable_is_left_to_the_resolver()
    {
        Start().Tell(lostVoter);

        kit.ExpectNoMsg(3 * Patience);
    }

    [Fact]
    public void A_worker_that_comes_back_stays()
    {
        IActorRef actor = Start();
        actor.Tell(lost);
        actor.Tell(new ClusterEvent.ReachableMember(lost.Member));

        kit.ExpectNoMsg(3 * Patience);
    }

    [Fact]
    public void A_process_that_has_taken_the_address_of_one_that_died_stays()
    {
        view.Unreachable = null;
        Start().Tell(lost);

        kit.ExpectNoMsg(3 * Patience);
    }

    [Fact]
    public void A_voter_that_does_not_reach_the_others_removes_nobody_until_it_does()
    {
        view.ReachesVoters = false;
        IActorRef actor = Start();
        actor.Tell(lost);
        kit.ExpectNoMsg(3 * Patience);

        view.ReachesVoters = true;

        kit.ExpectMsg(lost.Member.Address);
    }

    private IActorRef Start()
    {
        IActorRef actor = kit.Sys.ActorOf(Props.Create(() => new CutOffWorkersActor(Patience, view)));
        kit.AwaitCondition(() => view.IsSubscribed);
        return actor;
    }

    private sealed class View(IActorRef told) : CutOffWorkersActor.IMembers
    {
        public volatile bool ReachesVoters = true;

        public volatile UniqueAddress? Unreachable;

        public volatile bool IsSubscribed;

        bool CutOffWorkersActor.IMembers.ReachesVoters => ReachesVoters;

        public void Subscribe(IActorRef subscriber) => IsSubscribed = true;

        public bool IsUnreachable(UniqueAddress member) => member.Equals(Unreachable);

        public void Down(Address address) => told.Tell(address);
    }
}
