using System.Text.Json.Nodes;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Tests.Equality;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What is trained on a cluster is what a plain loop trains, bit for bit, whoever dies, leaves or comes meanwhile.</summary>
public sealed class ClusterRunTests : IAsyncLifetime
{
    private readonly ClusterRuns cluster = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.EndAsync();

    [Theory]
    [InlineData("noprop.policy.blocks=\"bounded:8\"")]
    [InlineData("noprop.policy.blocks=async")]
    [InlineData("noprop.policy.blocks=algorithm1")]
    [InlineData("noprop.policy.placement=pinned")]
    public async Task Two_workers_end_with_the_plain_loops_weights(string policy)
    {
        RunPlan plan = Runs.OnDigits(policy);
        ClusterNode trainer = await cluster.TrainerAsync();
        await cluster.WorkerAsync("one", trainer);
        await cluster.WorkerAsync("two", trainer);

        RequirePlainLoop(plan, await cluster.TrainAsync(plan, trainer));
    }

    [Fact]
    public async Task A_worker_that_dies_and_is_replaced_changes_nothing()
    {
        RunPlan plan = Long;
        ClusterNode trainer = await cluster.TrainerAsync();
        ClusterNode first = await cluster.WorkerAsync("one", trainer);
        await cluster.WorkerAsync("two", trainer);
        cluster.At(plan.TotalSteps / 4, () => Nodes.Kill(first));
        cluster.At(plan.TotalSteps / 2, () => _ = cluster.WorkerAsync("one", trainer));

        RequirePlainLoop(plan, await cluster.TrainAsync(plan, trainer));
    }

    [Fact]
    public async Task The_last_states_of_a_run_can_be_had_when_it_is_over()
    {
        RunPlan plan = Runs.OnDigits();
        ClusterNode trainer = await cluster.TrainerAsync();
        await cluster.WorkerAsync("one", trainer);
        await cluster.TrainAsync(plan, trainer);

        PublishedStates published = Assert.IsType<PublishedStates>(await cluster.AskAsync(new GetPublished("run")));
        PublishedState first = published.States.Single(state => state.Name == "block-01");
        StatePart part = Assert.IsType<StatePart>(await cluster.AskAsync(new GetStatePart("run", first.Name, first.Clock, 0)));

        Assert.Equal(plan.TotalSteps / plan.Method.Blocks, first.Clock);
        Assert.False(part.Bytes.IsEmpty);
    }

    [Fact]
    public async Task The_next_trainer_goes_on_when_one_dies()
    {
        RunPlan plan = Long;
        ClusterNode[] trainers = await TrainersAsync();
        await cluster.WorkerAsync("one", trainers[2]);
        cluster.At(plan.TotalSteps / 2, () => Nodes.Kill(trainers[0]));

        RunEnded ended = await cluster.TrainAsync(plan, trainers[2]);

        RequirePlainLoop(plan, ended);
        Assert.Equal(2, Records("start").Count());
    }

    [Fact]
    public async Task A_trainer_that_leaves_loses_no_step()
    {
        RunPlan plan = Long;
        ClusterNode[] trainers = await TrainersAsync();
        await cluster.WorkerAsync("one", trainers[2]);
        cluster.At(plan.TotalSteps / 2, () => _ = trainers[0].LeaveAsync());

        RunEnded ended = await cluster.TrainAsync(plan, trainers[2]);

        RequirePlainLoop(plan, ended);
        RequireNothingLost(plan);
    }

    [Fact]
    public async Task A_worker_that_is_drained_loses_no_step()
    {
        RunPlan plan = Long;
        ClusterNode trainer = await cluster.TrainerAsync();
        TaskCompletionSource left = new();
        await cluster.WorkerAsync("one", trainer, left.SetResult);
        await cluster.WorkerAsync("two", trainer);
        Task<object>? drained = null;
        cluster.At(plan.TotalSteps / 2, () => drained = cluster.AskAsync(new DrainWorker("one")));

        RunEnded ended = await cluster.TrainAsync(plan, trainer);

        Assert.Equal(new WorkerDrained("one"), await drained!);
        await left.Task.WaitAsync(Nodes.Deadline);
        RequirePlainLoop(plan, ended);
        RequireNothingLost(plan);
    }

    [Fact]
    public async Task Gradients_of_a_learned_embedding_are_each_taken_once()
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=\"learned:12\"", "noprop.policy.blocks=async", "noprop.epochs=12");
        ClusterNode trainer = await cluster.TrainerAsync();
        ClusterNode first = await cluster.WorkerAsync("one", trainer);
        await cluster.WorkerAsync("two", trainer);
        cluster.At(plan.TotalSteps / 2, () => Nodes.Kill(first));

        RunEnded ended = await cluster.TrainAsync(plan, trainer);

        Assert.Equal((RunOutcome.Completed, plan.TotalSteps), (ended.Outcome, ended.Figures.BlockSteps));
        Assert.Equal(plan.TotalSteps, new NoProp.Models.Checkpoints.CheckpointStore(cluster.Folder).LoadNewestWhole().Checkpoint!.Snapshots.Single(snapshot => snapshot.Name == "head").Clock);
    }

    [Fact]
    public async Task A_run_that_waits_begins_when_the_one_in_training_has_ended_and_is_trained_like_any_other()
    {
        RunPlan plan = Long;
        ClusterNode trainer = await cluster.TrainerAsync();
        await cluster.WorkerAsync("one", trainer);
        Task<object>? second = null;
        cluster.At(1, () => second = cluster.AskAsync(new SubmitRun(SettingsHocon.ToHocon(plan.Settings), "other")));

        await cluster.TrainAsync(plan, trainer);

        Assert.Equal(new RunQueued("other", 1, "it is behind run"), await second!);
        RequirePlainLoop(plan, await cluster.FollowAsync("other"));
    }

    [Fact]
    public async Task The_queue_outlives_the_trainer()
    {
        RunPlan plan = Long;
        ClusterNode[] trainers = await TrainersAsync();
        await cluster.WorkerAsync("one", trainers[2]);
        cluster.At(1, () => _ = cluster.AskAsync(new SubmitRun(SettingsHocon.ToHocon(plan.Settings), "other")));
        cluster.At(plan.TotalSteps / 2, () => Nodes.Kill(trainers[0]));

        await cluster.TrainAsync(plan, trainers[2]);

        RequirePlainLoop(plan, await cluster.FollowAsync("other"));
    }

    [Fact]
    public async Task A_run_that_is_stopped_and_resumed_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Long;
        ClusterNode trainer = await cluster.TrainerAsync();
        await cluster.WorkerAsync("one", trainer);
        cluster.At(plan.TotalSteps / 2, () => _ = cluster.AskAsync(new StopTraining("run")));

        RunEnded stopped = await cluster.TrainAsync(plan, trainer);
        await cluster.AskAsync(new ResumeRun([], "run"));
        RunEnded ended = await cluster.FollowAsync();

        Assert.Equal(RunOutcome.Stopped, stopped.Outcome);
        RequirePlainLoop(plan, ended);
    }

    // Long enough for something to happen in the middle.
    private static RunPlan Long => Runs.OnDigits("noprop.epochs=15");

    private async Task<ClusterNode[]> TrainersAsync()
    {
        ClusterNode first = await cluster.TrainerAsync();
        ClusterNode second = await cluster.TrainerAsync(first);
        ClusterNode third = await cluster.TrainerAsync(first);
        await Nodes.AwaitMembersAsync(third, first, second, third);
        return [first, second, third];
    }

    private static void RequirePlainLoop(RunPlan plan, RunEnded ended) =>
        Assert.Equal((RunOutcome.Completed, Runs.PlainLoopWeights(plan)), (ended.Outcome, ended.Figures.WeightsSha256));

    // The last session of a run knows its own steps; the records of all of them, each step made once, are in the metrics.
    private void RequireNothingLost(RunPlan plan) => Assert.Equal(
        (plan.TotalSteps, 0),
        (Records("steps").Sum(record => (long)record["steps"]!), cluster.Events.Count(runEvent => runEvent is LeaseRevoked or CommitRefused)));

    private IEnumerable<JsonObject> Records(string type) =>
        MetricsLog.Read(Path.Combine(cluster.Folder, "metrics.jsonl")).Where(record => (string?)record["type"] == type);
}
