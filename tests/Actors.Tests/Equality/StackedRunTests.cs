using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>A run whose blocks are trained together ends near the plain loop's weights; the CPU stands in for a GPU.</summary>
public sealed class StackedRunTests
{
    [Theory]
    [InlineData("bounded:8")]
    [InlineData("bounded:1")]
    [InlineData("lockstep")]
    [InlineData("async")]
    [InlineData("sampled")]
    [InlineData("algorithm1")]
    public async Task Every_policy_commits_every_step_once_and_ends_near_the_plain_loop(string policy) =>
        await AssertNearPlainLoop(Runs.OnDigits("noprop.slots=3", "noprop.stack=on", $"noprop.policy.blocks=\"{policy}\""));

    [Fact]
    // Adam makes steps of the rounding of biases whose effect a normalisation takes away.
    public async Task The_papers_network_ends_near_the_plain_loop() =>
        await AssertNearPlainLoop(Runs.OnPaperNetwork("noprop.slots=2", "noprop.stack=on"), 1e-2);

    [Fact]
    public async Task Two_devices_with_a_stack_each_end_near_the_plain_loop() => await AssertNearPlainLoop(
        Runs.OnDigits("noprop.slots=auto", "noprop.devices=cpu:0,cpu:1", "noprop.slots-per-device=2", "noprop.stack=on"));

    [Fact]
    public async Task A_step_that_fails_restarts_its_blocks_and_the_run_ends_near_the_plain_loop()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=3", "noprop.stack=on");
        FaultyMethod method = new(plan.Method, new Fault(new BlockId(2), 10));

        IReadOnlyList<RunEvent> events = await AssertNearPlainLoop(plan with { Method = method });

        Assert.Contains(new Restarted("block 2", "block 2 failed at step 10: a fault of the test"), events.OfType<Restarted>());
    }

    [Fact]
    public async Task A_step_that_fails_three_times_ends_the_run_with_block_step_and_cause()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=1", "noprop.stack=on");

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(2), 5, Times: 3)) }).Train();

        Assert.Equal(
            (RunOutcome.Failed, "block 2 failed at step 5: a fault of the test; it failed 3 times within 60 s"), (ended.Outcome, ended.Reason));
    }

    [Fact]
    public async Task Policies_are_switched_while_blocks_are_stacked()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=3", "noprop.stack=on");
        ConcurrentQueue<RunEvent> events = [];
        using TempFolder temp = new();

        RunEnded ended = await plan.Session(temp, run => run.TrainSwitching(
            [plan.Settings.Policies with { Blocks = "lockstep" }, plan.Settings.Policies with { Blocks = "async" }], everyCommits: 3, events.Enqueue));

        AssertSteps(plan, events);
        Assert.Equal(RunOutcome.Completed, ended.Outcome);
    }

    [Fact]
    public async Task A_run_that_is_stopped_goes_on_one_by_one()
    {
        RunPlan plan = Runs.OnDigits("noprop.slots=3", "noprop.stack=on");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(4));
        RunPlan alone = plan with { Settings = plan.Settings with { Stack = false } };
        RunEnded ended = await alone.Session(temp, run => run.Resumed().Train());

        Assert.Equal(RunOutcome.Completed, ended.Outcome);
    }

    [Fact]
    public async Task The_same_order_of_steps_gives_the_same_bits()
    {
        // One slot, one order.
        RunPlan plan = Runs.OnDigits("noprop.slots=1", "noprop.stack=on", "noprop.policy.blocks=lockstep");

        RunEnded first = await plan.Train();
        RunEnded second = await plan.Train();

        Assert.Equal(first.Figures.WeightsSha256, second.Figures.WeightsSha256);
    }

    private static async Task<IReadOnlyList<RunEvent>> AssertNearPlainLoop(RunPlan plan, double tolerance = 1e-3)
    {
        ConcurrentQueue<RunEvent> events = [];
        using TempFolder temp = new();
        Checkpoint? last = null;
        RunEnded ended = await plan.Session(temp, async run =>
        {
            RunEnded end = await TrainingRun.RunAsync(run, events.Enqueue).WaitAsync(Runs.Patience);
            last = run.Folder!.Checkpoints.LoadNewestWhole().Checkpoint;
            return end;
        });

        Assert.Equal(RunOutcome.Completed, ended.Outcome);
        AssertSteps(plan, events);
        TorchRuntime.UseOneThread();
        IMethod method = MethodCatalog.Create(plan.Settings.Training, plan.Dataset);
        foreach (Snapshot expected in PlainLoop.Train(method, plan.Batches(), plan.Settings.Epochs))
        {
            Snapshot actual = last!.Snapshots.Single(snapshot => snapshot.Name == expected.Name);
            Assert.Equal(expected.Clock, actual.Clock);
            Assert.InRange(Distance(expected, actual), 0, tolerance);
        }

        return [.. events];
    }

    private static void AssertSteps(RunPlan plan, IEnumerable<RunEvent> events)
    {
        long steps = plan.TotalSteps / plan.Method.Blocks;
        foreach (BlockId block in BlockId.UpTo(plan.Method.Blocks))
        {
            StepRange[] committed = [.. events.OfType<StepsTrained>().Where(trained => trained.Block == block).Select(trained => trained.Steps)];
            Assert.Equal([0, .. committed.Select(range => range.To)], [.. committed.Select(range => range.From), steps]);
        }
    }

    /// <summary>Of the weights as a whole, relative to their size.</summary>
    private static double Distance(Snapshot expected, Snapshot actual)
    {
        (float[] a, float[] b) = (Weights(expected), Weights(actual));
        return Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum() / a.Sum(x => (double)x * x));
    }

    private static float[] Weights(Snapshot snapshot)
    {
        SafetensorsFile file = SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name);
        return
        [
            .. file.Entries.Keys.Where(name => !name.StartsWith("optimizer.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .SelectMany(name => MemoryMarshal.Cast<byte, float>(file.Data(name)).ToArray()),
        ];
    }
}
