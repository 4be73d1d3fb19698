using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Replaying;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>However replicas are scheduled, with local SGD the weights are those of a plain loop, bit for bit.</summary>
public sealed class ReplicaEqualityTests
{
    private const int H = 2;

    [Theory]
    [InlineData("bounded:8", 2, 2)]
    [InlineData("bounded:1", 1, 3)]
    [InlineData("lockstep", 2, 2)]
    [InlineData("async", 1, 2)]
    [InlineData("async", 2, 3)]
    [InlineData("sampled", 2, 2)]
    public async Task Every_policy_ends_with_the_plain_loops_weights(string policy, int slots, int replicas)
    {
        RunPlan plan = Plan(replicas, $"noprop.policy.blocks=\"{policy}\"", $"noprop.slots={slots}");

        RunEnded ended = await plan.Train();

        Assert.Equal((RunOutcome.Completed, ReplicaLoop.LocalSgdWeights(plan, H)), (ended.Outcome, ended.Figures.WeightsSha256));
    }

    [Fact]
    public async Task A_replica_that_fails_once_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Plan(2);

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(2), 3), new Fault(new BlockId(3), 2)) }).Train();

        Assert.Equal(ReplicaLoop.LocalSgdWeights(plan, H), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("bounded:8", 2, 3)]
    [InlineData("async", 3, 7)]
    [InlineData("sampled", 2, 25)]
    public async Task A_run_that_is_stopped_and_resumed_ends_with_the_plain_loops_weights(string policy, int replicas, int commits)
    {
        RunPlan plan = Plan(replicas, $"noprop.policy.blocks=\"{policy}\"");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(commits));
        await plan.Session(temp, run => run.Resumed().TrainUntil(2));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(ReplicaLoop.LocalSgdWeights(plan, H), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_run_that_is_resumed_from_the_end_of_an_epoch_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Plan(2, "noprop.epochs=3");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.Train());
        RunEnded ended = await plan.Session(temp, run => run.Resumed(run.Folder!.Checkpoints.Steps()[0]).Train());

        Assert.Equal(ReplicaLoop.LocalSgdWeights(plan, H), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task More_epochs_are_added_to_a_run_as_if_it_had_had_them_from_the_beginning()
    {
        RunPlan plan = Plan(2, "noprop.epochs=1");
        RunPlan longer = Plan(2, "noprop.epochs=2");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.Train());
        RunEnded ended = await longer.Session(temp, run => run.Resumed().Train());

        Assert.Equal(ReplicaLoop.LocalSgdWeights(longer, H), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task Running_statistics_and_dropout_end_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnPaperNetwork("noprop.replicas=2", $"noprop.policy.replicas=\"local-sgd:{H}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(ReplicaLoop.LocalSgdWeights(plan, H), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task Other_steps_between_meetings_give_other_weights() =>
        Assert.NotEqual(
            (await Plan(2).Train()).Figures.WeightsSha256,
            (await Plan(2, "noprop.policy.replicas=\"local-sgd:3\"").Train()).Figures.WeightsSha256);

    [Fact]
    public async Task Elastic_replicas_without_a_force_are_replicas_that_never_meet()
    {
        RunPlan plan = Plan(2, "noprop.policy.replicas=\"easgd:0,2\"");
        using TempFolder temp = new();
        Checkpoint? saved = null;

        await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.Train();
            saved = run.Folder!.Checkpoints.LoadNewestWhole().Checkpoint;
            return ended;
        });

        Assert.All(
            from block in BlockId.UpTo(4) from replica in (int[])[0, 1] select ReplicaLoop.Alone(plan, block, replica),
            alone => Assert.Equal(WeightsHash.Sha256([alone]), WeightsHash.Sha256([saved!.Snapshots.Single(snapshot => snapshot.Name == alone.Name)])));
    }

    [Theory]
    [InlineData("easgd:0.4,2")]
    [InlineData("delayed-nesterov:2")]
    public async Task Asynchronous_replicas_are_stopped_and_resumed(string rule)
    {
        RunPlan plan = Plan(3, $"noprop.policy.replicas=\"{rule}\"");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(9));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal((RunOutcome.Completed, plan.TotalSteps), (ended.Outcome, ended.Figures.BlockSteps));
        Assert.All(ended.Snapshots.SkipLast(1), center => Assert.Equal(plan.TotalSteps / 4, center.Clock));
    }

    [Fact]
    public async Task Replicas_read_every_mini_batch_once()
    {
        RunPlan plan = Plan(2);
        List<RunEvent> events = [];

        await TrainingRun.RunAsync(plan, events.Add).WaitAsync(Runs.Patience);

        Assert.Equal(
            [("block 1, replica 1", 10L), ("block 1, replica 2", 10L), ("block 2, replica 1", 10L)],
            events.OfType<StepsTrained>().GroupBy(trained => trained.Block.ToString()).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (group.Key, group.Sum(trained => trained.Steps.Count))).Take(3));
    }

    [Fact]
    public async Task A_checkpoint_holds_centres_replicas_and_the_head()
    {
        RunPlan plan = Plan(2, "noprop.blocks=1");
        using TempFolder temp = new();

        await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.Train();
            Checkpoint saved = run.Folder!.Checkpoints.LoadNewestWhole().Checkpoint!;
            Assert.Equal(["block-01", "block-01-r1", "block-01-r2", "head"], saved.Snapshots.Select(snapshot => snapshot.Name).Order(StringComparer.Ordinal));
            Assert.Equal(ended.Figures.WeightsSha256, WeightsHash.Sha256(saved.Snapshots.Where(snapshot => !BlockId.IsReplica(snapshot.Name))));
            return ended;
        });
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 11)]
    public async Task Any_checkpoint_is_made_again_without_a_log(int replicas, int commits)
    {
        RunPlan plan = Plan(replicas);
        using TempFolder temp = new();
        List<Checkpoint> saved = [];

        await plan.Session(temp, run => run.TrainUntil(commits));
        await plan.Session(temp, async run =>
        {
            RunEnded ended = await run.Resumed().Train();
            saved.AddRange(run.Folder!.Checkpoints.Steps().Select(run.Folder.Checkpoints.Load));
            return ended;
        });

        Assert.True(saved.Count > 1);
        Assert.All(saved, checkpoint => Assert.Equal(WeightsHash.Sha256(checkpoint.Snapshots.Where(snapshot => snapshot.Clock > 0)), WeightsHash.Sha256(UncoupledReplay.Run(
            plan.Trained,
            plan.Batches(),
            plan.Settings.Training.Seed,
            checkpoint,
            new LocalSgd(H)))));
    }

    [Fact]
    public async Task A_switch_to_a_sequential_policy_is_refused()
    {
        RunPlan plan = Plan(2, "noprop.epochs=50");
        using CancellationTokenSource stop = new();
        TaskCompletionSource<RunControl> control = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<RunEnded> run = TrainingRun.RunAsync(plan, started: control.SetResult, stop: stop.Token);

        NoPropException refused = await Assert.ThrowsAsync<NoPropException>(async () => await (await control.Task.WaitAsync(Runs.Patience))
            .ChangePoliciesAsync(new Dictionary<string, string> { ["blocks"] = "algorithm1" }, Runs.Patience));

        await stop.CancelAsync();
        await run.WaitAsync(Runs.Patience);
        Assert.Equal(PolicySet.OfBlocks("algorithm1").FaultWithReplicas, refused.Message);
    }

    private static RunPlan Plan(int replicas, params string[] overrides) =>
        Runs.OnDigits([$"noprop.replicas={replicas}", $"noprop.policy.replicas=\"local-sgd:{H}\"", .. overrides]);
}
