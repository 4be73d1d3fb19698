using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Equations;

/// <summary>Discrete time with a learned W: who moves it, and how much.</summary>
public sealed class DiscreteTimeEmbeddingTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const int Blocks = 3;
    private const double Eta = 0.1;
    private const int ClassifierValues = TestData.Classes * (Size + 1);

    private static readonly BlockId Block = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings settings = TestData.Settings(blocks: Blocks) with { Embedding = new(EmbeddingKind.Learned, Size), AbarMin = 0.1 };
    private readonly Batch batch = TestData.RandomBatch(0, count: Count);
    private readonly DiscreteTime method;
    private readonly Denoiser network;
    private readonly IBlockCompute block;
    private readonly IHeadCompute head;
    private readonly SharedVersion version;

    public DiscreteTimeEmbeddingTests()
    {
        method = new(settings, TestData.Digit, TestData.Classes, () => []);
        (block, head) = (method.CreateBlock(Block, null), method.CreateHead(null));
        version = head.Shared;
        network = method.CreateNetwork(Block);
        network.Parameters.ToDouble();
    }

    public void Dispose()
    {
        block.Dispose();
        head.Dispose();
        network.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Equation_8_the_loss_of_a_block_with_a_learned_W_is_the_weighted_distance_to_its_row()
    {
        double expected = BlockLoss(version.Doubles());

        Assert.Equal(expected, block.StepAndRead(batch, version).Loss.Loss, 1e-5 * expected);
    }

    [Fact]
    public void Equation_8_a_block_moves_W_through_target_input_and_output()
    {
        double[] expected = Exact.Gradient(BlockLoss, version.Doubles());

        Exact.AssertClose(expected, block.Step(batch, version), 1e-4, ClassifierValues);
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Equation_8_target_input_and_output_each_have_a_part_in_the_gradient_of_W(bool target, bool input, bool output)
    {
        double[] whole = Exact.Gradient(BlockLoss, version.Doubles());

        double[] without = Exact.Gradient(
            values => BlockLoss(target ? version.Doubles() : values, input ? version.Doubles() : values, output ? version.Doubles() : values), version.Doubles());

        // Ten times the tolerance of the comparison with the block's gradient, so that it would see a part that is missing.
        Assert.True(whole.Zip(without, (a, b) => Math.Abs(a - b)).Max() > 0.001 * whole.Max(Math.Abs));
    }

    [Fact]
    public void Equation_8_the_gradient_of_every_weight_of_a_block_is_its_finite_difference_when_W_is_learned()
    {
        block.Step(batch, version);

        Exact.AssertFirstGradient(block.Snapshot(), network.Parameters, () => BlockLoss(version.Doubles()));
    }

    [Fact]
    public void Equation_8_the_loss_of_the_head_with_a_learned_W_is_cross_entropy_and_KL()
    {
        double expected = HeadLoss(version.Doubles());

        Assert.Equal(expected, head.Step(batch.Labels), 1e-5 * expected);
    }

    [Fact]
    public void Equation_8_the_gradient_of_the_heads_terms_is_their_finite_difference()
    {
        double[] expected = Exact.Gradient(HeadLoss, version.Doubles());

        head.Step(batch.Labels);

        string[] names = ["classifier.weight", "classifier.bias", "embedding.weight"];
        float[] actual = [.. names.SelectMany(name => head.Snapshot().Values("optimizer.exp_avg." + name)).Select(moment => moment * 10)];
        Exact.AssertClose(expected, [.. actual], 1e-4, ClassifierValues);
    }

    [Fact]
    public void Equation_8_the_KL_pulls_each_row_of_W_to_the_origin_by_abar_0_and_its_share_of_the_batch()
    {
        SharedTensors shared = SharedTensors.Pin(Exact.Context(settings).Layout(Blocks), version);

        Tensor gradient = autograd.grad([method.KullbackLeibler(shared.Embed(batch.Labels))], [shared.Flat!])[0];

        // d/du of abar_0 |u|^2 / 2, for every image of the class.
        long[] labels = batch.LabelArray();
        double[][] w = SharedReference.Reader(Size)(version.Doubles()).W;
        double[] expected = [.. new double[ClassifierValues], .. w.SelectMany((row, y) => row.Select(x => settings.AbarMin * x * labels.Count(label => label == y) / Count))];
        Exact.AssertClose(expected, [.. gradient.Values()], 1e-5, ClassifierValues);
    }

    private double BlockLoss(double[] values) => BlockLoss(values, values, values);

    /// <summary>The third term of (8), with W from one vector for each of its three places.</summary>
    private double BlockLoss(double[] target, double[] input, double[] output)
    {
        using DisposeScope step = NewDisposeScope();
        Func<double[], SharedReference> read = SharedReference.Reader(Size);
        double before = method.Schedule.Abar(Block.Value - 1);
        double after = method.Schedule.Abar(Block.Value);
        double[][] noise = Exact.Normal(new NoiseKey(1, NoiseStream.BlockInput, Block.Value), Count, Size);
        double[][] z = Exact.Sum(Math.Sqrt(before), read(input).Embed(batch.LabelArray()), Math.Sqrt(1 - before), noise);
        double[][] logits = network.Logits(batch.DoubleImages(), z.Matrix(), ForwardPass.Inference).DoubleRows();
        double error = Exact.SquaredDistances(read(output).Output(logits), read(target).Embed(batch.LabelArray())).Average();
        return Blocks / 2.0 * Eta * (after / (1 - after) - before / (1 - before)) * error;
    }

    /// <summary>The first two terms of (8).</summary>
    private double HeadLoss(double[] values)
    {
        SharedReference shared = SharedReference.Reader(Size)(values);
        double abar = 1 - 1e-3;
        double[][] u = shared.Embed(batch.LabelArray());
        double[][] z = Exact.Sum(Math.Sqrt(abar), u, Math.Sqrt(1 - abar), Exact.Normal(new NoiseKey(1, NoiseStream.HeadInput), Count, Size));
        return shared.CrossEntropy(z, batch.LabelArray()) + Exact.KullbackLeibler(settings.AbarMin, u);
    }
}
