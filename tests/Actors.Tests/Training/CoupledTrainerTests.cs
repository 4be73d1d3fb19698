using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>The trainer of two blocks that share parameters.</summary>
public sealed class CoupledTrainerTests : TestKit
{
    private static readonly BlockId One = new(1);
    private static readonly BlockId Other = new(2);

    private readonly TestProbe worker;
    private readonly TestProbe head;
    private readonly TestProbe recorder;
    private readonly TestProbe evaluation;

    public CoupledTrainerTests()
        : base(SettingsLoader.Load().Config) => (worker, head, recorder, evaluation) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

    [Fact]
    public void The_head_begins_before_the_first_step_is_committed()
    {
        Join(Trainer("async"));

        head.ExpectMsg<AdvanceHead>(advance => advance is { To: 0, State: null });
    }

    [Fact]
    public void In_the_papers_order_a_lease_begins_at_the_version_that_all_steps_before_have_left()
    {
        IActorRef trainer = Trainer("algorithm1");
        Join(trainer);
        GrantLease first = worker.ExpectMsg<GrantLease>();

        Commit(trainer, first.Lease);

        Assert.Equal((0L, 8L), (first.Shared!.Taken, worker.ExpectMsg<GrantLease>().Shared!.Taken));
    }

    [Fact]
    public void In_any_other_order_a_lease_takes_the_newest_version()
    {
        Join(Trainer("async"));

        Assert.Null(worker.ExpectMsg<GrantLease>().Shared!.Taken);
    }

    [Fact]
    public void A_run_whose_head_is_ahead_of_its_blocks_waits_for_no_version_that_has_passed()
    {
        Checkpoint ahead = new(12, [FakeMethod.State(One, 8), FakeMethod.State(Other, 4), FakeMethod.HeadState(14)], new Dictionary<string, string>());

        Join(Trainer("algorithm1", ahead));

        Assert.Null(worker.ExpectMsg<GrantLease>().Shared!.Taken);
    }

    [Fact]
    public void A_head_that_fails_is_sent_its_last_report_and_every_lease_begins_again()
    {
        IActorRef trainer = Trainer("async");
        Join(trainer, slots: 2);
        Lease[] lost = [worker.ExpectMsg<GrantLease>().Lease, worker.ExpectMsg<GrantLease>().Lease];
        Snapshot reported = FakeMethod.HeadState(0);
        trainer.Tell(new HeadAdvanced(0, 0, 0, reported));
        head.ExpectMsg<AdvanceHead>();

        trainer.Tell(new HeadRestarted("out of luck"));

        head.ExpectMsg<AdvanceHead>(advance => advance is { To: 0, AfterRestart: true } && advance.State == reported);
        Assert.Equal(lost, worker.ReceiveN(2).Cast<RevokeLease>().Select(revoke => revoke.Lease));
        Assert.Equal(
            lost.Select(lease => (lease.Block, lease.Steps, lease.Epoch.Next)),
            worker.ReceiveN(2).Cast<GrantLease>().Select(grant => (grant.Lease.Block, grant.Lease.Steps, grant.Lease.Epoch)));
    }

    [Fact]
    public void A_checkpoint_holds_the_blocks_of_the_moment_that_the_heads_state_answers()
    {
        IActorRef trainer = Trainer("async");
        Join(trainer);
        Commit(trainer, worker.ExpectMsg<GrantLease>().Lease);
        Lease running = worker.ExpectMsg<GrantLease>().Lease;
        trainer.Tell(new HeadAdvanced(9, 8, 0, FakeMethod.HeadState(9))); // with one step of the lease that is still under way
        trainer.Tell(new StopRun());
        Commit(trainer, running);

        trainer.Tell(new BlockGaveUp(One, "the run ends before the head can answer"));

        Checkpoint saved = recorder.FishForMessage<SaveCheckpoint>(_ => true).Checkpoint;
        Assert.Equal([(One.FileName, 8L), ("head", 9L)], saved.Snapshots.Select(snapshot => (snapshot.Name, snapshot.Clock)));
    }

    [Fact]
    public void An_epoch_that_ends_before_the_heads_first_report_is_tested_after_it()
    {
        IActorRef trainer = Trainer("lockstep", stepsPerEpoch: 1, epochs: 2, evaluateEvery: 1);
        Join(trainer, slots: 2);
        Commit(trainer, worker.ExpectMsg<GrantLease>().Lease);
        Commit(trainer, worker.ExpectMsg<GrantLease>().Lease);
        worker.ExpectMsg<GrantLease>(grant => grant.Lease.Steps.From == 1);
        bool early = evaluation.HasMessages;

        trainer.Tell(new HeadAdvanced(2, 2, 0, FakeMethod.HeadState(2)));

        Assert.Equal(1, evaluation.ExpectMsg<Evaluate>().Epoch);
        Assert.False(early);
    }

    private IActorRef Trainer(string policy, Checkpoint? resume = null, int stepsPerEpoch = 32, int epochs = 1, int evaluateEvery = 0)
    {
        IActorRef headProbe = head;
        TrainerPartners partners = new(CreateTestProbe(), evaluation, recorder, CreateTestProbe(), Props.Create(() => new Forwarder(headProbe)));
        RunGoal goal = new(2, stepsPerEpoch, epochs, 0, PolicySet.OfBlocks(policy), TimeSpan.FromMinutes(1)) { Coupled = true };
        TrainerCadence cadence = new(evaluateEvery, 1, TimeSpan.Zero);
        return Sys.ActorOf(Props.Create(() => new TrainerActor(goal, resume, cadence, new Supervision(3, TimeSpan.FromMinutes(1)), partners)));
    }

    private void Join(IActorRef trainer, int slots = 1) => trainer.Tell(new RegisterWorker("west", slots), worker);

    private void Commit(IActorRef trainer, Lease lease) => trainer.Tell(
        new StepsCommitted(lease, [.. new StepLoss[lease.Steps.Count]], TimeSpan.Zero, FakeMethod.State(lease.Block, lease.Steps.To)), worker);

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef to) => ReceiveAny(to.Forward);
    }
}
