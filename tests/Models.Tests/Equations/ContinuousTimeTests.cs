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

/// <summary>NoProp-CT (9) against plain double precision: the schedule by appendix B, the loss from the network's logits.</summary>
public sealed class ContinuousTimeTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const double Eta = 0.7;
    private const int ClassifierValues = TestData.Classes * (Size + 1);
    private const int HiddenValues = 3 * 64;

    private static readonly BlockId Block = new(1);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings settings = TestData.Settings() with
    {
        Method = MethodKind.Ct,
        Embedding = new(EmbeddingKind.Learned, Size),
        Eta = Eta,
        Gamma0 = -2,
        Gamma1 = 3,
        InferenceSteps = 7,
    };

    private readonly Batch batch = TestData.RandomBatch(0, count: Count);
    private readonly ContinuousTime method;
    private readonly TimeConditionedDenoiser network;
    private readonly IBlockCompute block;
    private readonly IHeadCompute head;
    private readonly SharedVersion version;

    public ContinuousTimeTests()
    {
        method = new(settings, TestData.Digit, TestData.Classes, () => []);
        (block, head) = (method.CreateBlock(Block, null), method.CreateHead(null));
        version = head.Shared;
        network = Exact.Context(settings).CreateTimeConditioned();
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
    public void Equation_9_the_loss_of_the_network_is_the_error_weighted_by_the_slope_of_the_signal_to_noise()
    {
        double expected = BlockLoss(version.Doubles());

        Assert.Equal(expected, block.StepAndRead(batch, version).Loss.Loss, 1e-5 * expected);
    }

    [Fact]
    public void Equation_9_the_network_moves_schedule_and_W_by_the_finite_difference_and_leaves_the_classifier()
    {
        double[] expected = Exact.Gradient(BlockLoss, version.Doubles());

        Exact.AssertClose(expected, block.Step(batch, version), 1e-4, ClassifierValues, HiddenValues, 1, 1);
    }

    [Fact]
    public void Equation_9_the_gradient_of_every_weight_of_the_network_is_its_finite_difference()
    {
        block.Step(batch, version);

        Exact.AssertFirstGradient(block.Snapshot(), network.Parameters, () => BlockLoss(version.Doubles()));
    }

    [Fact]
    public void Equation_9_the_loss_of_the_head_is_the_cross_entropy_on_z_1_and_the_KL_by_the_learned_abar_0()
    {
        double expected = HeadLoss(version.Doubles());

        Assert.Equal(expected, head.Step(batch.Labels), 1e-5 * expected);
    }

    [Fact]
    public void Equation_9_the_heads_terms_move_classifier_schedule_and_W_by_the_finite_difference()
    {
        double[] expected = Exact.Gradient(HeadLoss, version.Doubles());

        head.Step(batch.Labels);

        string[] names =
        [
            "classifier.weight", "classifier.bias", "schedule.input.weight", "schedule.input.bias", "schedule.output.weight", "schedule.gamma0",
            "schedule.span", "embedding.weight",
        ];
        float[] actual = [.. names.SelectMany(name => head.Snapshot().Values("optimizer.exp_avg." + name)).Select(moment => moment * 10)];

        // By the end points alone: g(0) = 0 and g(1) = 1 whatever h is, so h has rounding errors for a gradient.
        int[] parts = [ClassifierValues, HiddenValues, 1, 1];
        int hidden = ClassifierValues + HiddenValues;
        Assert.All(actual[ClassifierValues..hidden], slope => Assert.Equal(0, slope, 1e-6));
        Exact.AssertClose([.. expected[..ClassifierValues], .. new double[HiddenValues], .. expected[hidden..]], [.. actual[..ClassifierValues], .. new float[HiddenValues], .. actual[hidden..]], 1e-4, parts);
    }

    /// <summary>The continuous loss is the limit of (8): an integral of SNR' is what the weights of all blocks add up to.</summary>
    [Fact]
    public void Equation_9_the_weight_of_the_error_averages_to_the_whole_gain_of_signal_to_noise()
    {
        const int draws = 20_000;
        SharedReference shared = SharedReference.Reader(Size, schedule: true)(version.Doubles());
        double[] weights = [.. Exact.Uniform(new NoiseKey(1, NoiseStream.Time, 1), draws).Select(t => -shared.GammaSlope(t) * shared.Snr(t))];

        double average = weights.Average();

        double standardError = Math.Sqrt(weights.Average(weight => (weight - average) * (weight - average)) / draws);
        Assert.Equal(shared.Snr(1) - shared.Snr(0), average, 5 * standardError);
    }

    [Fact]
    public void Appendix_B_the_signal_to_noise_at_both_ends_is_what_the_settings_ask_for()
    {
        SharedReference shared = SharedReference.Reader(Size, schedule: true)(version.Doubles());

        Assert.Equal((Math.Exp(-3), Math.Exp(2)), (shared.Snr(0), shared.Snr(1)), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Equation_3_inference_in_continuous_time_takes_a_step_of_discrete_time_between_points_of_the_grid(bool stochastic)
    {
        InferenceNoise noise = new(3, 0, stochastic);
        SharedReference shared = SharedReference.Reader(Size, schedule: true)(version.Doubles());
        Tensor features = network.ImageFeatures(batch.DoubleImages(), ForwardPass.Inference);
        double[][] z = noise.Start(0, Count, Size).Rows();
        using IDenoiserCompute denoiser = method.CreateDenoiser(Block, block.Snapshot(), head.Snapshot());
        double[] actual = [.. denoiser.Denoise(batch.Images, noise.Start(0, Count, Size), n => noise.Step(n, 0, Count, Size)).Values()];

        for (int n = 1; n <= settings.InferenceSteps; n++)
        {
            double t = (n - 1.0) / settings.InferenceSteps;
            (double from, double to) = (shared.Abar(t), shared.Abar((double)n / settings.InferenceSteps));
            double[][] u = shared.Output(network.Logits(features, z.Matrix(), Times(t), ForwardPass.Inference).DoubleRows());
            double[][] mean = Exact.Sum(
                Math.Sqrt(to) * (1 - from / to) / (1 - from), u, Math.Sqrt(from / to) * (1 - to) / (1 - from), z);
            double deviation = Math.Sqrt((1 - to) * (1 - from / to) / (1 - from));
            z = noise.Step(n, 0, Count, Size) is { } eps ? Exact.Sum(1, mean, deviation, eps.Rows()) : mean;
        }

        Assert.All(z.SelectMany(row => row).Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

        static Tensor Times(double t) => tensor(Enumerable.Repeat(t, Count).ToArray());
    }

    /// <summary>The third term of (9).</summary>
    private double BlockLoss(double[] values)
    {
        using DisposeScope step = NewDisposeScope();
        SharedReference shared = SharedReference.Reader(Size, schedule: true)(values);
        double[][] u = shared.Embed(batch.LabelArray());
        double[] t = Exact.Uniform(new NoiseKey(1, NoiseStream.Time, 1), Count);
        double[][] noise = Exact.Normal(new NoiseKey(1, NoiseStream.BlockInput, 1), Count, Size);
        double[] abar = [.. t.Select(shared.Abar)];
        double[][] z = [.. u.Select((row, i) => row.Zip(noise[i], (x, eps) => Math.Sqrt(abar[i]) * x + Math.Sqrt(1 - abar[i]) * eps).ToArray())];
        Tensor features = network.ImageFeatures(batch.DoubleImages(), ForwardPass.Inference);
        double[][] logits = network.Logits(features, z.Matrix(), tensor(t), ForwardPass.Inference).DoubleRows();
        double[] errors = Exact.SquaredDistances(shared.Output(logits), u);
        return Eta / 2 * errors.Select((error, i) => -shared.GammaSlope(t[i]) * shared.Snr(t[i]) * error).Average();
    }

    /// <summary>The first two terms of (9).</summary>
    private double HeadLoss(double[] values)
    {
        SharedReference shared = SharedReference.Reader(Size, schedule: true)(values);
        double[][] u = shared.Embed(batch.LabelArray());
        double abar = shared.Abar(1);
        double[][] z = Exact.Sum(Math.Sqrt(abar), u, Math.Sqrt(1 - abar), Exact.Normal(new NoiseKey(1, NoiseStream.HeadInput), Count, Size));
        return shared.CrossEntropy(z, batch.LabelArray()) + Exact.KullbackLeibler(shared.Abar(0), u);
    }
}
