using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>Whatever breaks, a run ends and says why in one line.</summary>
public sealed class FailureTests() : TestKit(SettingsLoader.Load().Config)
{
    [Fact]
    public async Task A_block_that_fails_three_times_ends_the_run_with_block_step_and_cause()
    {
        RunPlan plan = Runs.OnDigits();

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(2), 5, Times: 3)) }).Train();

        Assert.Equal(
            (RunOutcome.Failed, "block 2 failed at step 5: a fault of the test; it failed 3 times within 60 s"), (ended.Outcome, ended.Reason));
    }

    [Fact]
    public async Task A_head_that_fails_three_times_ends_the_run_with_the_cause()
    {
        RunPlan plan = Runs.OnDigits();

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(null, 5, Times: 3)) }).Train();

        Assert.Equal((RunOutcome.Failed, "the head failed 3 times within 60 s: a fault of the test"), (ended.Outcome, ended.Reason));
    }

    [Fact]
    public async Task The_only_failure_allowed_is_one_too_many()
    {
        RunPlan plan = Runs.OnDigits("noprop.supervision.max-failures=1");

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(2), 5)) }).Train();

        Assert.Equal(RunOutcome.Failed, ended.Outcome);
    }

    [Fact]
    public void A_trainer_that_throws_ends_the_run()
    {
        IActorRef trainer = Trainer(recorder: null, out TestProbe observer);

        trainer.Tell(Commit(new BlockId(99)));

        Assert.StartsWith("the trainer failed: ", observer.FishForMessage<RunEnded>(_ => true).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_last_checkpoint_that_cannot_be_written_makes_the_run_a_failure()
    {
        TestProbe recorder = CreateTestProbe();
        IActorRef trainer = Trainer(recorder, out TestProbe observer);
        trainer.Tell(new RegisterWorker("west", 1));
        trainer.Tell(Commit(new BlockId(1)));
        trainer.Tell(new HeadAdvanced(1, 1, 0, FakeMethod.HeadState(1)));
        recorder.FishForMessage<SaveCheckpoint>(_ => true);

        trainer.Tell(new RecordingFailed("no room for the checkpoint"));
        recorder.FishForMessage<RunEnded>(_ => true);
        trainer.Tell(new RunRecorded());

        RunEnded ended = observer.FishForMessage<RunEnded>(_ => true);
        Assert.Equal((RunOutcome.Failed, "no room for the checkpoint"), (ended.Outcome, ended.Reason));
    }

    [Fact]
    public void A_last_test_that_fails_makes_the_run_a_failure()
    {
        IActorRef trainer = Trainer(recorder: null, out TestProbe observer, evaluateEvery: 1);
        trainer.Tell(new RegisterWorker("west", 1));
        trainer.Tell(Commit(new BlockId(1)));
        trainer.Tell(new HeadAdvanced(1, 1, 0, FakeMethod.HeadState(1)));

        trainer.Tell(new EvaluationFailed(1, "no test images"));

        Assert.Equal("the chain could not be tested: no test images", observer.FishForMessage<RunEnded>(_ => true).Reason);
    }

    [Fact]
    public void A_disk_that_refuses_many_records_ends_the_run_once()
    {
        IActorRef trainer = Trainer(CreateTestProbe(), out TestProbe observer);

        for (int i = 0; i < 3; i++)
        {
            trainer.Tell(new RecordingFailed("the disk is full"));
        }

        observer.FishForMessage<RunEnded>(_ => true);
        trainer.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
        observer.ExpectNoMsg(TimeSpan.Zero);
    }

    /// <summary>A trainer of one block and one step, whose other actors are probes.</summary>
    private IActorRef Trainer(TestProbe? recorder, out TestProbe observer, int evaluateEvery = 0)
    {
        observer = CreateTestProbe();
        TrainerPartners partners = new(CreateTestProbe(), CreateTestProbe(), recorder, observer, BlackHole.Props);
        RunGoal goal = new(1, 1, 1, 0, PolicySet.OfBlocks("bounded"), TimeSpan.FromMinutes(1));
        TrainerCadence cadence = new(evaluateEvery, 0, TimeSpan.Zero);
        return Sys.ActorOf(Props.Create(() => new TrainerActor(goal, null, cadence, new Supervision(3, TimeSpan.FromMinutes(1)), partners)));
    }

    private static StepsCommitted Commit(BlockId block) =>
        new(new Lease(block, new LeaseEpoch(1), new StepRange(0, 1), "west"), [default], TimeSpan.Zero, FakeMethod.State(block, 1));

    private sealed class BlackHole : ReceiveActor
    {
        public BlackHole() => ReceiveAny(_ => { });

        public static Props Props { get; } = Akka.Actor.Props.Create<BlackHole>();
    }
}
