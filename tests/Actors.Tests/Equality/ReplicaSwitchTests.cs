using System.Collections.Immutable;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>The rule by which replicas meet changes while they train: from which steps on is known, and what comes of it is what a plain loop gives.</summary>
public sealed class ReplicaSwitchTests : IDisposable
{
    private const string Async = "noprop.policy.blocks=async";

    private readonly TempFolder temp = new();

    [Theory]
    [InlineData("bounded:8", 1, 2)]
    [InlineData("async", 2, 3)]
    [InlineData("lockstep", 4, 2)]
    public async Task A_live_switch_between_steps_of_local_sgd_ends_with_the_plain_loops_weights(string policy, int slots, int replicas)
    {
        RunPlan plan = Plan("local-sgd:3", replicas, $"noprop.policy.blocks=\"{policy}\"", $"noprop.slots={slots}");

        RunEnded ended = await Switched(plan, "local-sgd:2", "local-sgd:4");

        ImmutableArray<ReplicaSchedule> schedules = Schedules(plan);
        Assert.Contains(schedules, schedule => schedule.Parts.Length > 1);
        Assert.Equal(
            (RunOutcome.Completed, ReplicaLoop.LocalSgdWeights(plan, (block, clock) => schedules[block.Index].At(clock).Steps)),
            (ended.Outcome, ended.Figures.WeightsSha256));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_run_that_goes_on_with_another_rule_has_it_from_there(int slots)
    {
        RunPlan plan = Plan("local-sgd:2", 2, "noprop.epochs=1");
        await plan.Session(temp, run => run.Train());
        RunPlan other = Plan("local-sgd:3", 2, $"noprop.slots={slots}");

        RunEnded ended = await other.Session(temp, run => run.Resumed().Train());

        Assert.Equal(ReplicaLoop.LocalSgdWeights(other, (_, clock) => clock < 5 ? 2 : 3), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_switch_that_replicas_wait_for_survives_a_stop()
    {
        RunPlan plan = Plan("local-sgd:4", 3, Async, "noprop.epochs=4");
        RunControl? control = null;
        using CancellationTokenSource stop = new();
        RunEnded stopped = await plan.Session(temp, run => TrainingRun.RunAsync(run, Watch, started: steering => control = steering, stop: stop.Token).WaitAsync(Runs.Patience));
        RunPlan follows = Plan("local-sgd:2", 3, Async, "noprop.epochs=4");

        RunEnded ended = await follows.Session(temp, run => run.Resumed().Train());

        ImmutableArray<ReplicaSchedule> schedules = Schedules(plan);
        Assert.Equal(RunOutcome.Stopped, stopped.Outcome);
        Assert.Equal(
            ReplicaLoop.LocalSgdWeights(plan, (block, clock) => schedules[block.Index].At(clock).Steps), ended.Figures.WeightsSha256);

        void Watch(RunEvent runEvent)
        {
            if (runEvent is StepsTrained { Steps.From: 0 })
            {
                _ = control?.ChangePoliciesAsync(new Dictionary<string, string> { ["replicas"] = "local-sgd:2" }, Runs.Patience);
            }
            else if (runEvent is PoliciesSwitched)
            {
                stop.Cancel();
            }
        }
    }

    [Theory]
    [InlineData("one-hot", "local-sgd:2", "easgd:0.4,2", "delayed-nesterov:2")]
    [InlineData("one-hot", "easgd:0.4,2", "local-sgd:3", "easgd")]
    [InlineData("learned:12", "delayed-nesterov:2", "easgd:0.3,3", "local-sgd:2")]
    [InlineData("learned:12", "local-sgd:2", "delayed-nesterov:3", "easgd:0.4,2")]
    public async Task A_run_whose_replicas_met_by_several_rules_passes_through_every_checkpoint_again(string embedding, string rule, params string[] switches)
    {
        RunPlan plan = Plan(rule, 2, Async, $"noprop.embedding.kind=\"{embedding}\"", "noprop.epochs=6");

        RunEnded ended = await Switched(plan, switches);

        Assert.Equal((RunOutcome.Completed, plan.TotalSteps), (ended.Outcome, ended.Figures.BlockSteps));
        Assert.Contains(Schedules(plan), schedule => schedule.Parts.Length > 1);
        ReplicaReplayTests.RequireSame(plan, temp, ended);
    }

    public void Dispose() => temp.Dispose();

    private static RunPlan Plan(string rule, int replicas, params string[] settings) =>
        Runs.OnDigits([$"noprop.replicas={replicas}", $"noprop.policy.replicas=\"{rule}\"", "noprop.epochs=3", .. settings]);

    private Task<RunEnded> Switched(RunPlan plan, params string[] rules) => plan.Session(
        temp, run => run.TrainSwitching([.. rules.Select(rule => plan.Settings.Policies with { Replicas = rule })], everyCommits: 4));

    private ImmutableArray<ReplicaSchedule> Schedules(RunPlan plan) => ReplicaSchedules.Of(
        new CheckpointStore(temp.File("run")).LoadNewestWhole().Checkpoint, ReplicaPolicies.Parse("local-sgd:1"), plan.Method.Blocks);
}
