using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Randomness;
using NoProp.Models.Tests.Equations;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Training;

/// <summary>The joint step of head and block against AdamW in double precision, on gradients by finite difference.</summary>
public sealed class HeadTrainingTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const int ClassifierValues = TestData.Classes * (Size + 1);
    private const int Values = ClassifierValues + TestData.Classes * Size;
    private const double LearningRate = 0.05;
    private const double WeightDecay = 0.2;
    private const double AbarMin = 0.1;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor labels = TestData.RandomBatch(0, count: Count).Labels;

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(MomentSharing.Shared, 1, 1, 1)]
    [InlineData(MomentSharing.Shared, 1, 2, 1)]
    [InlineData(MomentSharing.PerBlock, 1, 1, 1)]
    [InlineData(MomentSharing.PerBlock, 1, 2, 1)]
    [InlineData(MomentSharing.PerBlock, 3, 2, 2)]
    public void A_joint_step_is_one_AdamW_step_on_the_sum_of_the_heads_gradient_and_the_blocks(MomentSharing sharing, params int[] blocks)
    {
        using IHeadCompute head = Method(sharing).CreateHead(null);
        double[] expected = head.Shared.Doubles();
        AdamW classifier = new(0, ClassifierValues);
        Dictionary<int, AdamW> embedding = [];
        for (int step = 0; step < blocks.Length; step++)
        {
            SharedGradient asked = Asked(blocks[step], step);
            double[] sum = [.. Exact.Gradient(x => OwnTerms(x, step), expected).Zip(asked.Values, (own, other) => own + other)];
            head.Step(labels, asked);

            classifier.Step(expected, sum);
            int owner = sharing == MomentSharing.PerBlock ? blocks[step] : 0;
            embedding.TryAdd(owner, new(ClassifierValues, Values));
            embedding[owner].Step(expected, sum);
        }

        Exact.AssertClose(expected, head.Shared.Values, 2e-5, ClassifierValues);
    }

    [Fact]
    public void Each_block_keeps_moments_of_its_own_for_W()
    {
        using IHeadCompute head = Method(MomentSharing.PerBlock).CreateHead(null);
        head.Step(labels, Asked(1, 0));
        float[] before = head.Snapshot().Values("optimizer.block-01.exp_avg.embedding.weight");

        head.Step(labels, Asked(2, 0));

        Assert.Equal(before, head.Snapshot().Values("optimizer.block-01.exp_avg.embedding.weight"));
    }

    [Fact]
    public void A_step_makes_the_next_version()
    {
        using IHeadCompute head = Method(MomentSharing.Shared).CreateHead(null);
        SharedVersion first = head.Shared;

        head.Step(labels, Asked(1, 0));

        Assert.Equal((0, 1), (first.Version, head.Shared.Version));
    }

    [Fact]
    public void A_version_keeps_its_values_when_training_goes_on()
    {
        using IHeadCompute head = Method(MomentSharing.Shared).CreateHead(null);
        SharedVersion first = head.Shared;
        double[] before = first.Doubles();

        head.Step(labels, Asked(1, 0));

        Assert.Equal(before, first.Doubles());
    }

    private static DiscreteTime Method(MomentSharing sharing) => new(
        TestData.Settings() with
        {
            Embedding = new(EmbeddingKind.Learned, Size, sharing),
            AbarMin = AbarMin,
            LearningRate = LearningRate,
            WeightDecay = WeightDecay,
        },
        TestData.Digit,
        TestData.Classes,
        () => []);

    /// <summary>What a block asks: of the size of the head's own gradient, and different in every step.</summary>
    private static SharedGradient Asked(int block, int step) =>
        new(new(block), step, 0, [.. Noise.Normal(TestData.Key(10 + step), [Values]).Values().Select(value => value * 0.1f)]);

    /// <summary>The first two terms of (8).</summary>
    private double OwnTerms(double[] values, int step)
    {
        SharedReference shared = SharedReference.Reader(Size)(values);
        long[] y = labels.data<long>().ToArray();
        double[][] u = shared.Embed(y);
        double[][] noise = Exact.Normal(new NoiseKey(1, NoiseStream.HeadInput, 0, step), Count, Size);
        return shared.CrossEntropy(Exact.Sum(Math.Sqrt(0.999), u, Math.Sqrt(0.001), noise), y) + Exact.KullbackLeibler(AbarMin, u);
    }

    /// <summary>AdamW on a part of a vector.</summary>
    private sealed class AdamW(int from, int to)
    {
        private readonly double[] first = new double[to];
        private readonly double[] second = new double[to];
        private int steps;

        public void Step(double[] values, double[] gradient)
        {
            steps++;
            for (int i = from; i < to; i++)
            {
                first[i] = 0.9 * first[i] + 0.1 * gradient[i];
                second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i];
                double m = first[i] / (1 - Math.Pow(0.9, steps));
                double v = second[i] / (1 - Math.Pow(0.999, steps));
                values[i] = values[i] * (1 - LearningRate * WeightDecay) - LearningRate * m / (Math.Sqrt(v) + 1e-8);
            }
        }
    }
}
