using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Diffusion;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

public sealed class InferenceTests : IDisposable
{
    private static readonly BlockId Block = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method(blocks: 3);

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 10)]
    [InlineData(true, 10)]
    [InlineData(true, 100)]
    public void Equation_3_a_chain_of_perfect_blocks_ends_at_the_right_class(bool stochastic, int blocks)
    {
        const int count = 500;
        DiscreteTime chain = TestData.Method(blocks: blocks);
        InferenceNoise noise = new(7, 0, stochastic);
        long[] labels = [.. Enumerable.Range(0, count).Select(i => (long)i % TestData.Classes)];
        Tensor u = TestData.PlainShared().Embed(tensor(labels));

        Tensor z = noise.Start(0, count, TestData.Classes);
        foreach (BlockId block in BlockId.UpTo(blocks))
        {
            z = Posterior.At(chain.Schedule, block.Value).Step(u, z, noise.Step(block.Value, 0, count, TestData.Classes));
        }

        // What is left of the noise has a standard deviation of at most 0.03 around 0.9995 u.
        Assert.Equal(labels, z.argmax(1).data<long>().ToArray());
    }

    [Fact]
    public void Equation_3_a_block_mixes_its_output_its_input_and_noise()
    {
        Snapshot snapshot = TrainedBlock(method);
        Batch batch = TestData.RandomBatch(1);
        Tensor z = Noise.Normal(TestData.Key(1), [32, TestData.Classes]);
        Tensor eps = Noise.Normal(TestData.Key(2), [32, TestData.Classes]);
        using Denoiser network = method.CreateNetwork(Block);
        TrainingState.Restore(Block.FileName, network.Parameters, snapshot);
        double[][] output = [.. network.Logits(batch.Images, z, ForwardPass.Inference).Rows().Select(TestData.Softmax)];
        using IDenoiserCompute denoiser = method.CreateDenoiser(Block, snapshot);

        double[][] next = denoiser.Denoise(batch.Images, z, eps).Rows();

        (double a, double b, double c) = Posterior.At(method.Schedule, Block.Value);
        (double[][] before, double[][] noise) = (z.Rows(), eps.Rows());
        Assert.All(
            from row in Enumerable.Range(0, 32) from i in Enumerable.Range(0, TestData.Classes) select (row, i),
            at => Assert.Equal(
                a * output[at.row][at.i] + b * before[at.row][at.i] + Math.Sqrt(c) * noise[at.row][at.i], next[at.row][at.i], 2e-6));
    }

    [Fact]
    public void Inference_uses_the_running_statistics_of_the_snapshot()
    {
        DiscreteTime paper = TestData.Method(NetworkSettings.Paper, TestData.Mnist);
        using IBlockCompute block = paper.CreateBlock(Block, null);
        Batch batch = TestData.RandomBatch(0, TestData.Mnist, 4);
        block.Step(batch);
        Snapshot snapshot = block.Snapshot();
        using Denoiser network = paper.CreateNetwork(Block);
        TrainingState.Restore(Block.FileName, network.Parameters, snapshot);

        Assert.All(network.Parameters.Statistics, statistic => Assert.Equal(snapshot.Values(statistic.Name), statistic.Value.Values()));
    }

    [Fact]
    public void Inference_with_batch_normalisation_does_not_mix_the_images_of_a_batch()
    {
        DiscreteTime paper = TestData.Method(NetworkSettings.Paper, TestData.Mnist);
        using IBlockCompute block = paper.CreateBlock(Block, null);
        Batch batch = TestData.RandomBatch(0, TestData.Mnist, 6);
        block.Step(batch);
        using IDenoiserCompute denoiser = paper.CreateDenoiser(Block, block.Snapshot());
        Tensor z = Noise.Normal(TestData.Key(1), [6, TestData.Classes]);

        float[] together = denoiser.Denoise(batch.Images, z, null).Values();
        float[] alone =
        [
            .. Enumerable.Range(0, 6).SelectMany(i => denoiser.Denoise(batch.Images.narrow(0, i, 1), z.narrow(0, i, 1), null).Values()),
        ];

        // Kernels may sum in another order for another batch size.
        Assert.All(together.Zip(alone), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void The_classifier_of_inference_is_the_one_that_was_trained()
    {
        using IHeadCompute head = method.CreateHead(null);
        head.Step(TestData.RandomBatch(0).Labels);
        Snapshot snapshot = head.Snapshot();
        double[] z = [.. Enumerable.Range(0, TestData.Classes).Select(i => i / 4.0)];
        using IClassifierCompute classifier = method.CreateClassifier(snapshot);

        double[] probabilities = classifier.Probabilities(tensor([.. z.Select(x => (float)x)]).unsqueeze(0)).Rows()[0];

        double[][] weight = [.. snapshot.Values("classifier.weight").Select(x => (double)x).Chunk(TestData.Classes)];
        float[] biases = snapshot.Values("classifier.bias");
        double[] logits = [.. weight.Zip(biases, (row, bias) => row.Zip(z, (w, x) => w * x).Sum() + bias)];
        Assert.All(TestData.Softmax(logits).Zip(probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Inference_leaves_only_its_result_in_the_scope_of_the_caller()
    {
        Snapshot snapshot = TrainedBlock(method);
        Batch batch = TestData.RandomBatch(1);
        Tensor z = Noise.Normal(TestData.Key(1), [32, TestData.Classes]);
        using DisposeScope inner = NewDisposeScope();
        using IDenoiserCompute denoiser = method.CreateDenoiser(Block, snapshot);

        denoiser.Denoise(batch.Images, z, null);

        Assert.Equal(1, inner.DisposablesCount);
    }

    [Theory]
    [InlineData(0, 7)]
    [InlineData(3, 5)]
    [InlineData(19, 1)]
    public void The_noise_of_an_image_does_not_depend_on_its_batch(int first, int count)
    {
        // An odd size, so that images begin in the middle of a pair of normal numbers too.
        const int size = 7;
        InferenceNoise noise = new(5, 1, Stochastic: true);
        Range rows = (first * size)..((first + count) * size);

        Assert.Equal(noise.Start(0, 20, size).Values()[rows], noise.Start(first, count, size).Values());
        Assert.Equal(noise.Step(Block.Value, 0, 20, size)!.Values()[rows], noise.Step(Block.Value, first, count, size)!.Values());
    }

    [Fact]
    public void Every_draw_step_and_seed_of_inference_has_noise_of_its_own()
    {
        InferenceNoise noise = new(5, 0, Stochastic: true);
        Tensor[] draws =
        [
            noise.Start(0, 4, 10),
            (noise with { Sample = 1 }).Start(0, 4, 10),
            (noise with { Seed = 6 }).Start(0, 4, 10),
            noise.Step(1, 0, 4, 10)!,
            noise.Step(2, 0, 4, 10)!,
            (noise with { Sample = 1 }).Step(1, 0, 4, 10)!,
        ];

        Assert.Equal(draws.Length, draws.Select(draw => Convert.ToHexString(draw.Bits())).Distinct().Count());
    }

    [Fact]
    public void Deterministic_inference_has_no_noise_after_the_start() =>
        Assert.Null(new InferenceNoise(5, 0, Stochastic: false).Step(Block.Value, 0, 4, 10));

    private static Snapshot TrainedBlock(DiscreteTime method)
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        block.Step(TestData.RandomBatch(0));
        return block.Snapshot();
    }
}
