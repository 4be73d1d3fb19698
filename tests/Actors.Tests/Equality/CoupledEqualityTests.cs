using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>
/// Where blocks share parameters that they move (label embedding, classifier, schedule), the order of the updates matters: under algorithm1
/// it is the plain loop's, and so are the weights, bit for bit. A method of one block has one order only, whatever the policy.
/// </summary>
public sealed class CoupledEqualityTests
{
    private const string Algorithm1 = "noprop.policy.blocks=algorithm1";
    private const string Learned = "noprop.embedding.kind=\"learned:12\"";
    private const string Prototype = "noprop.embedding.kind=prototype";

    [Theory]
    [InlineData("noprop.method=dt", Learned)]
    [InlineData("noprop.method=dt", Learned, "noprop.class-probability.kind=radial")]
    [InlineData("noprop.method=dt", Learned, "noprop.policy.moments=per-block")]
    [InlineData("noprop.method=dt", Learned, "noprop.slots=1")]
    [InlineData("noprop.method=dt", Learned, "noprop.policy.refresh=8")]
    [InlineData("noprop.method=dt", Learned, "noprop.metrics.probe-every=1")]
    [InlineData("noprop.method=dt", Prototype)]
    [InlineData("noprop.method=ct", "noprop.blocks=auto", Learned)]
    [InlineData("noprop.method=fm", "noprop.blocks=auto", Prototype)]
    [InlineData("noprop.method=backprop", Learned)]
    public async Task Algorithm1_ends_with_the_plain_loops_weights(params string[] settings)
    {
        RunPlan plan = Runs.OnDigits([.. settings, Algorithm1]);

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("ct", "async")]
    [InlineData("fm", "bounded:8")]
    [InlineData("backprop", "lockstep")]
    [InlineData("adjoint", "bounded:8")]
    public async Task A_method_of_one_block_ends_with_the_plain_loops_weights_under_any_policy(string method, string policy)
    {
        RunPlan plan = Runs.OnDigits("noprop.blocks=auto", $"noprop.method={method}", $"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 5)]
    [InlineData(4, 19)]
    public async Task A_block_that_fails_once_ends_with_the_plain_loops_weights(int block, long step)
    {
        RunPlan plan = Runs.OnDigits(Learned, Algorithm1);

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(new BlockId(block), step)) }).Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(79)]
    public async Task A_head_that_fails_once_ends_with_the_plain_loops_weights(long step)
    {
        RunPlan plan = Runs.OnDigits(Learned, Algorithm1);

        RunEnded ended = await (plan with { Method = new FaultyMethod(plan.Method, new Fault(null, step)) }).Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    public async Task A_run_that_is_stopped_and_resumed_ends_with_the_plain_loops_weights(int commits)
    {
        RunPlan plan = Runs.OnDigits(Learned, Algorithm1);
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(commits));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task A_run_that_is_resumed_from_an_earlier_checkpoint_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits(Learned, Algorithm1, "noprop.epochs=3");
        using TempFolder temp = new();

        await plan.Session(temp, run => run.Train());
        RunEnded ended = await plan.Session(temp, run => run.Resumed(run.Folder!.Checkpoints.Steps()[0]).Train());

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("bounded:8")]
    [InlineData("sampled")]
    [InlineData("async")]
    public async Task Blocks_that_share_an_embedding_train_out_of_order_and_lose_no_update(string policy)
    {
        RunPlan plan = Runs.OnDigits(Learned, $"noprop.policy.blocks=\"{policy}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal("20 20 20 20", Applied(ended));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("wait:3")]
    [InlineData("reject:1")]
    public async Task Blocks_that_use_a_version_for_several_steps_lose_no_update(string lagBound)
    {
        RunPlan plan = Runs.OnDigits(Learned, "noprop.policy.blocks=async", "noprop.policy.refresh=5", $"noprop.policy.embedding-lag=\"{lagBound}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal("20 20 20 20", Applied(ended));
    }

    [Theory]
    [InlineData(null, 37)]
    [InlineData(3, 11)]
    public async Task A_failure_out_of_order_neither_stops_a_run_nor_applies_an_update_twice(int? block, long step)
    {
        RunPlan plan = Runs.OnDigits(Learned);
        FaultyMethod faulty = new(plan.Method, new Fault(block is { } t ? new BlockId(t) : null, step));

        RunEnded ended = await (plan with { Method = faulty }).Train();

        Assert.Equal((RunOutcome.Completed, 80L), (ended.Outcome, ended.Snapshots[^1].Clock));
    }

    [Fact]
    public async Task A_run_out_of_order_that_is_stopped_and_resumed_loses_no_update()
    {
        RunPlan plan = Runs.OnDigits(Learned);
        using TempFolder temp = new();

        await plan.Session(temp, run => run.TrainUntil(5));
        RunEnded ended = await plan.Session(temp, run => run.Resumed().Train());

        Assert.Equal("20 20 20 20", Applied(ended));
    }

    private static string Applied(RunEnded ended) => SafetensorsFile.Parse(ended.Snapshots[^1].Safetensors, "head").Metadata["applied"];
}
