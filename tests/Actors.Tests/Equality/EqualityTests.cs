using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>However a run is scheduled, its weights are those of the plain loop, bit for bit.</summary>
public sealed class EqualityTests
{
    [Theory]
    [InlineData("algorithm1")]
    [InlineData("sampled")]
    [InlineData("lockstep")]
    [InlineData("bounded:8")]
    [InlineData("bounded:1")]
    [InlineData("bounded:3")]
    [InlineData("async")]
    public async Task Every_policy_ends_with_the_plain_loops_weights(string policy)
    {
        RunPlan plan = Runs.OnDigits($"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("fused", false)]
    [InlineData("plain", false)]
    [InlineData("fused", true)]
    [InlineData("plain", true)]
    public async Task Either_kernel_ends_with_the_plain_loops_weights(string kernels, bool isPaperNetwork)
    {
        string setting = $"noprop.kernels={kernels}";
        RunPlan plan = isPaperNetwork ? Runs.OnPaperNetwork(setting) : Runs.OnDigits(setting);

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("tf32", false)]
    [InlineData("bf16", false)]
    [InlineData("bf16", true)]
    public async Task Every_precision_ends_with_the_plain_loops_weights(string precision, bool isPaperNetwork)
    {
        string setting = $"noprop.precision={precision}";
        RunPlan plan = isPaperNetwork ? Runs.OnPaperNetwork(setting) : Runs.OnDigits(setting);

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public void On_a_CPU_tf32_is_float32_to_the_bit() =>
        Assert.Equal(Runs.PlainLoopWeights(Runs.OnDigits()), Runs.PlainLoopWeights(Runs.OnDigits("noprop.precision=tf32")));

    [Fact]
    public void Kernels_are_not_the_same_to_the_bit() =>
        Assert.NotEqual(Runs.PlainLoopWeights(Runs.OnDigits("noprop.kernels=fused")), Runs.PlainLoopWeights(Runs.OnDigits("noprop.kernels=plain")));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Sampling_gradients_or_not_ends_with_the_plain_loops_weights(int probeEvery)
    {
        RunPlan plan = Runs.OnDigits("noprop.policy.blocks=async", $"noprop.metrics.probe-every={probeEvery}");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Any_number_of_slots_ends_with_the_plain_loops_weights(int slots)
    {
        RunPlan plan = Runs.OnDigits($"noprop.slots={slots}");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("bounded:8")]
    [InlineData("sampled")]
    public async Task Blocks_that_do_not_divide_evenly_among_slots_end_with_the_plain_loops_weights(string policy)
    {
        RunPlan plan = Runs.OnDigits("noprop.blocks=3", $"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 10)]
    [InlineData(4, 19)]
    public async Task A_block_that_fails_once_ends_with_the_plain_loops_weights(int block, long step)
    {
        RunPlan plan = Runs.OnDigits();

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(block), step)) }).Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_block_that_fails_is_restarted_and_told_of()
    {
        RunPlan plan = Runs.OnDigits();
        plan = plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(2), 10)) };
        List<RunEvent> events = [];

        await TrainingRun.RunAsync(plan, events.Add).WaitAsync(Runs.Patience);

        Assert.Equal(new Restarted("block 2", "block 2 failed at step 10: a fault of the test"), Assert.Single(events.OfType<Restarted>()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(79)]
    public async Task A_head_that_fails_once_ends_with_the_plain_loops_weights(long step)
    {
        RunPlan plan = Runs.OnDigits();

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(null, step)) }).Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("bounded:8", 3)]
    [InlineData("sampled", 30)]
    [InlineData("algorithm1", 5)]
    public async Task A_run_that_is_stopped_and_resumed_ends_with_the_plain_loops_weights(string policy, int commits)
    {
        RunPlan plan = Runs.OnDigits($"noprop.policy.blocks=\"{policy}\"");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(commits));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_run_of_three_sessions_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits();
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(2));
        await plan.Session(temp, run => run.Resumed().TrainUntil(3));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_run_that_is_resumed_from_an_earlier_checkpoint_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits("noprop.epochs=3");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.Train());
        RunEnded ended = await plan.Session(temp, run => run.Resumed(run.Folder!.Checkpoints.Steps()[0]).Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_run_that_is_stopped_says_so_and_can_be_resumed()
    {
        RunPlan plan = Runs.OnDigits();
        using TempFolder temp = new();

        RunEnded ended = await plan.Session(temp, run => run.TrainUntil(2));

        Assert.Equal((RunOutcome.Stopped, null), (ended.Outcome, ended.Reason));
    }

    [Theory]
    [InlineData("bounded:8")]
    [InlineData("sampled")]
    public async Task Dropout_and_batch_normalisation_end_with_the_plain_loops_weights(string policy)
    {
        RunPlan plan = Runs.OnPaperNetwork($"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_resumed_run_with_dropout_and_batch_normalisation_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnPaperNetwork();
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(1));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public void Another_seed_gives_other_weights() =>
        Assert.NotEqual(Runs.PlainLoopWeights(Runs.OnDigits()), Runs.PlainLoopWeights(Runs.OnDigits("noprop.seed=1")));
}
