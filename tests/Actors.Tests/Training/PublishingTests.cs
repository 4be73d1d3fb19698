using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>What the trainer of two blocks gives to the chain, and when. Time is virtual.</summary>
public sealed class PublishingTests : TestKit
{
    private readonly TestProbe worker;
    private readonly TestProbe chain;
    private readonly IActorRef trainer;

    public PublishingTests()
        : base(VirtualTime.Settings.WithFallback(SettingsLoader.Load().Config))
    {
        (worker, chain) = (CreateTestProbe(), CreateTestProbe());
        IActorRef head = CreateTestProbe();
        TrainerPartners partners = new(chain, chain, null, CreateTestProbe(), Props.Create(() => new Forwarder(head)), LendsStates: true);
        RunGoal goal = new(2, 8, 2, 0, PolicySet.OfBlocks("bounded:8"), TimeSpan.FromMinutes(1));
        TrainerCadence cadence = new(EvaluateEveryEpochs: 1, CheckpointEveryEpochs: 0, TimeSpan.Zero);
        trainer = Sys.ActorOf(Props.Create(() => new TrainerActor(goal, null, cadence, new Supervision(3, TimeSpan.FromMinutes(1)), partners)));
        trainer.Tell(new RegisterWorker("west", 1), worker);
        chain.ExpectMsg<PublishSnapshots>();
        trainer.Tell(new HeadAdvanced(0, 0, 0, FakeMethod.HeadState(0)));
    }

    [Fact]
    public void Of_each_block_the_chain_is_given_the_newest_state_a_few_times_a_second()
    {
        Commit();
        Snapshot other = Commit();
        Snapshot newest = Commit();
        worker.ExpectMsg<GrantLease>();

        ((VirtualTime)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([newest, other], chain.ExpectMsg<PublishSnapshots>().Snapshots.Where(state => state.Name != "head").OrderBy(state => state.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Before_a_test_the_chain_is_given_all_that_was_committed()
    {
        Snapshot[] committed = [Commit(), Commit(), Commit(), Commit()];

        PublishSnapshots published = chain.ExpectMsg<PublishSnapshots>();

        chain.ExpectMsg<Evaluate>();
        Assert.Equal([8, 8], committed[^2..].Select(state => state.Clock));
        Assert.Subset(published.Snapshots.ToHashSet(), committed[^2..].ToHashSet());
    }

    [Fact]
    public void The_memory_of_a_state_that_the_chain_was_never_given_goes_with_the_next_lease()
    {
        Snapshot first = Commit();
        Commit();
        Commit();

        Assert.Same(first, worker.ExpectMsg<GrantLease>().Spare);
    }

    [Fact]
    public void The_memory_of_a_state_that_the_chain_was_given_goes_with_a_lease_when_it_is_back()
    {
        Snapshot first = Commit();
        Commit();
        GrantLease third = worker.ExpectMsg<GrantLease>();
        ((VirtualTime)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(200));
        Assert.True(chain.ExpectMsg<PublishSnapshots>().Lent);
        Commit(third);
        GrantLease without = worker.ExpectMsg<GrantLease>();

        trainer.Tell(new SnapshotReturned(first), chain);
        Commit(without);

        Assert.Equal((null, first), (without.Spare, worker.ExpectMsg<GrantLease>().Spare));
    }

    private Snapshot Commit() => Commit(worker.ExpectMsg<GrantLease>());

    private Snapshot Commit(GrantLease grant)
    {
        Lease lease = grant.Lease;
        Snapshot state = FakeMethod.State(lease.Block, lease.Steps.To);
        trainer.Tell(new StepsCommitted(lease, [.. new StepLoss[lease.Steps.Count]], TimeSpan.Zero, state), worker);
        return state;
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef to) => ReceiveAny(to.Forward);
    }
}
