using System.Collections.Immutable;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Tests.Inference;
using NoProp.Models.Checkpoints;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>A chain over worker nodes answers what the chain in one process answers, whoever comes and goes.</summary>
public sealed class SpreadChainTests : IAsyncLifetime
{
    private readonly RunPlan plan = Runs.OnDigits();
    private SpreadChain? chain;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => chain?.EndAsync() ?? Task.CompletedTask;

    [Fact]
    public async Task Two_nodes_answer_what_one_process_answers_bit_for_bit_and_get_images_once()
    {
        SpreadChain cluster = await StartAsync(plan, "one", "two");
        // 700 images of 256 bytes are more than a frame carries.
        PredictionRequest[] requests =
        [
            Request(700) with { Seed = 7, Trace = true },
            Request(5) with { Seed = 8, Samples = 3, Stochastic = true },
            Request(5) with { Seed = 8, Depth = 3 },
            Request(40) with { Seed = 9, StopAt = 0.2, Trace = true },
            Request(2) with { Seed = 9, Depth = 1, Stochastic = true },
        ];
        foreach (PredictionRequest request in requests)
        {
            Assert.Equal(Text(await cluster.Local.PredictAsync(request)), Text(await cluster.AskAsync(request)));
        }

        // Twice each to two nodes, and what ends before the third block to one.
        Assert.Equal((2 * requests.Length) - 1, cluster.View.ImageBatches);
    }

    [Theory]
    [InlineData("fm")]
    [InlineData("ct")]
    public async Task A_network_of_one_block_answers_from_one_node_bit_for_bit(string method)
    {
        RunPlan one = Runs.OnDigits($"noprop.method={method}", "noprop.blocks=auto", "noprop.inference.steps=9");
        SpreadChain cluster = await StartAsync(one, "one", "two");
        PredictionRequest request = Request(6) with { Seed = 7, Trace = true };

        Assert.Equal(Text(await cluster.Local.PredictAsync(request)), Text(await cluster.AskAsync(request)));
    }

    [Fact]
    public async Task What_a_lost_node_held_is_answered_by_the_one_that_is_left()
    {
        RunPlan one = Runs.OnDigits("noprop.method=fm", "noprop.blocks=auto");
        chain = new(one);
        await chain.StartAsync();
        chain.Publish(ChainStates.Of(one, steps: 0));
        ClusterNode first = await chain.WorkerAsync("one", slots: 2);
        await chain.AskAsync(Request(1));
        await chain.WorkerAsync("two");
        await SpreadChain.AwaitAsync(() => chain.View.Nodes == 2);
        // Long enough that the node is lost meanwhile.
        PredictionRequest request = Request(200) with { Seed = 3, Steps = 1500 };
        Task<Prediction> answer = chain.Spread.PredictAsync(request);
        await SpreadChain.AwaitAsync(() => chain.View.ImageBatches == 2);

        Nodes.Kill(first);

        Assert.Equal(Text(await chain.Local.PredictAsync(request)), Text(await answer.WaitAsync(Runs.Patience)));
        Assert.Equal(3, chain.View.ImageBatches);
    }

    [Fact]
    public async Task Without_any_node_the_error_names_what_is_missing_and_the_next_one_answers()
    {
        SpreadChain cluster = await StartAsync(plan, "one");
        ClusterNode only = first!;
        Nodes.Kill(only);
        await SpreadChain.AwaitAsync(() => cluster.Spread.Problem is not null);

        PredictionException refused = await Assert.ThrowsAsync<PredictionException>(() => cluster.Spread.PredictAsync(Request(1)));
        await cluster.WorkerAsync("two");

        Assert.Equal((PredictionProblem.NotReady, ChainView.NoWorker), (refused.Problem, refused.Message));
        Assert.Equal(4, (await cluster.AskAsync(Request(1))).Blocks.Length);
    }

    [Fact]
    public async Task Newer_states_and_nodes_that_come_fail_no_request()
    {
        SpreadChain cluster = await StartAsync(plan, "one");
        ImmutableArray<Snapshot>[] states = [ChainStates.Of(plan, steps: 1), ChainStates.Of(plan, steps: 2), ChainStates.Of(plan, steps: 3)];
        Task<ClusterNode>? second = null;
        List<Prediction> answers = [];
        for (int i = 0; answers.Count < 300 || second is not { IsCompleted: true } || answers[^1].Blocks[0].Version != 3; i++)
        {
            if (i % 10 == 0)
            {
                // A block at a time: blocks of several versions answer together.
                Snapshot next = states[Math.Min(i / 100, 2)][i / 10 % 4];
                cluster.Publish([next]);
            }

            second ??= i == 50 ? cluster.WorkerAsync("two") : null;
            answers.Add(await cluster.Spread.PredictAsync(Request(2)).WaitAsync(Nodes.Deadline));
        }

        await second;
        Assert.Contains(answers, answer => answer.Blocks.Select(block => block.Version).Distinct().Count() > 1);
    }

    [Fact]
    public async Task A_block_without_a_state_is_named()
    {
        chain = new(plan);
        await chain.StartAsync();
        await chain.WorkerAsync("one");
        chain.Publish([.. ChainStates.Of(plan, steps: 0).Where(snapshot => snapshot.Name != "block-03")]);
        await chain.AskAsync(Request(1) with { Depth = 2 });

        PredictionException refused = await Assert.ThrowsAsync<PredictionException>(() => chain.Spread.PredictAsync(Request(1)));

        Assert.Equal("block 3 has no snapshot yet: it has not been trained", refused.Message);
    }

    private ClusterNode? first;

    /// <summary>A chain whose workers are all there, with trained blocks.</summary>
    private async Task<SpreadChain> StartAsync(RunPlan of, params string[] workers)
    {
        chain = new(of);
        await chain.StartAsync();
        chain.Publish(ChainStates.Of(of, steps: 2));
        foreach (string worker in workers)
        {
            ClusterNode node = await chain.WorkerAsync(worker);
            first ??= node;
        }

        await SpreadChain.AwaitAsync(() => chain.View.Nodes == workers.Length);
        return chain;
    }

    private PredictionRequest Request(int count)
    {
        using torch.Tensor images = plan.Dataset.Test.Images.to(torch.ScalarType.Float32);
        float[] pixels = images.data<float>().ToArray();
        int size = plan.Dataset.Shape.Pixels;
        return new(Enumerable.Range(0, count * size).Select(i => pixels[i % pixels.Length]).ToArray());
    }

    // All but the times, with every bit of every number.
    private static string Text(Prediction answer) => string.Join('\n', answer.Images.Select(image => string.Join(
        ' ',
        [
            $"{image.Class} {image.Depth} {Bits(image.Probabilities)}",
            .. image.Trace.Select(point => $"{point.Block}.{point.Step} {point.Nearest} {Bits(point.Probabilities)}"),
        ]))) + string.Join(' ', answer.Blocks.Select(block => $"{block.Block}:{block.Version}")) + answer.HeadVersion;

    private static string Bits(IEnumerable<float> values) => string.Join(',', values.Select(value => BitConverter.SingleToUInt32Bits(value).ToString("x8")));
}
