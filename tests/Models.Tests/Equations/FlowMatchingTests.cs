using NoProp.Models.Checkpoints;
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

/// <summary>NoProp-FM (10)-(13) against plain double precision.</summary>
public sealed class FlowMatchingTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const double Sigma = 0.2;
    private const int ClassifierValues = TestData.Classes * (Size + 1);

    private static readonly BlockId Block = new(1);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings learned = TestData.Settings() with
    {
        Method = MethodKind.Fm,
        Embedding = new(EmbeddingKind.Learned, Size),
        FlowSigma = Sigma,
        InferenceSteps = 7,
    };

    private readonly TrainingSettings oneHot = TestData.Settings() with { Method = MethodKind.Fm, InferenceSteps = 7 };
    private readonly Batch batch = TestData.RandomBatch(0, count: Count);

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Equation_10_z_t_is_the_straight_mix_of_noise_and_embedding()
    {
        double[][] z0 = Exact.Normal(TestData.Key(1), Count, Size);
        double[][] z1 = Exact.Normal(TestData.Key(2), Count, Size);
        double[] t = Exact.Uniform(TestData.Key(3), Count);

        double[][] actual = FlowMatching.Interpolate(tensor(t).unsqueeze(1), z0.Matrix(), z1.Matrix(), 0, null).DoubleRows();

        AssertRows([.. t.Select((at, i) => z0[i].Zip(z1[i], (a, b) => at * b + (1 - at) * a).ToArray())], actual, 1e-12);
    }

    [Fact]
    public void Equation_10_the_noise_around_the_path_has_the_variance_sigma_squared()
    {
        const int draws = 20_000;
        Tensor zero = zeros(draws, 1, ScalarType.Float64);

        double[] noise = [.. FlowMatching.Interpolate(zero, zero, zero, Sigma, Noise.Normal(TestData.Key(1), [draws, 1])).to(ScalarType.Float64).data<double>()];

        // The variance of a normal's square is 2 sigma^4.
        Assert.Equal(Sigma * Sigma, noise.Average(x => x * x), 5 * Sigma * Sigma * Math.Sqrt(2.0 / draws));
    }

    [Fact]
    public void Equation_11_the_target_velocity_is_the_slope_of_the_path()
    {
        double[][] z0 = Exact.Normal(TestData.Key(1), Count, Size);
        double[][] z1 = Exact.Normal(TestData.Key(2), Count, Size);
        const double h = 1e-3;

        double[][] before = FlowMatching.Interpolate(Column(0.4 - h), z0.Matrix(), z1.Matrix(), 0, null).DoubleRows();
        double[][] after = FlowMatching.Interpolate(Column(0.4 + h), z0.Matrix(), z1.Matrix(), 0, null).DoubleRows();

        AssertRows(Exact.Sum(1, z1, -1, z0), Exact.Sum(0.5 / h, after, -0.5 / h, before), 1e-10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(1)]
    public void Equation_12_the_target_velocity_leads_from_any_point_of_the_path_to_its_end(double t)
    {
        double[][] z0 = Exact.Normal(TestData.Key(1), Count, Size);
        double[][] z1 = Exact.Normal(TestData.Key(2), Count, Size);
        Tensor z = FlowMatching.Interpolate(Column(t), z0.Matrix(), z1.Matrix(), 0, null);

        AssertRows(z1, FlowMatching.Extrapolate(Column(t), z, Exact.Sum(1, z1, -1, z0).Matrix()).DoubleRows(), 1e-12);
    }

    [Fact]
    public void Equation_11_the_loss_with_a_fixed_W_is_the_distance_to_the_target_velocity()
    {
        using TimeConditionedDenoiser network = DoubleNetwork(oneHot);
        using IBlockCompute block = Method(oneHot).CreateBlock(Block, null);

        double expected = Loss(network, SharedReference.Reader(TestData.Classes, classifier: false, learned: false)([]), sigma: 0, anchored: false);

        Assert.Equal(expected, block.Step(batch).Loss, 1e-5 * expected);
    }

    [Fact]
    public void Equation_13_the_loss_with_a_learned_W_has_the_cross_entropy_of_the_extrapolated_end()
    {
        using TimeConditionedDenoiser network = DoubleNetwork(learned);
        (IBlockCompute block, SharedVersion version) = Coupled();

        double expected = Loss(network, SharedReference.Reader(Size)(version.Doubles()));

        Assert.Equal(expected, block.StepAndRead(batch, version).Loss.Loss, 1e-5 * expected);
        block.Dispose();
    }

    [Fact]
    public void Equation_13_classifier_and_W_move_by_the_finite_difference()
    {
        using TimeConditionedDenoiser network = DoubleNetwork(learned);
        (IBlockCompute block, SharedVersion version) = Coupled();

        double[] expected = Exact.Gradient(values => Loss(network, SharedReference.Reader(Size)(values)), version.Doubles());

        Exact.AssertClose(expected, block.Step(batch, version), 1e-4, ClassifierValues);
        block.Dispose();
    }

    [Fact]
    public void Equation_13_the_gradient_of_every_weight_of_the_network_is_its_finite_difference()
    {
        using TimeConditionedDenoiser network = DoubleNetwork(learned);
        (IBlockCompute block, SharedVersion version) = Coupled();

        block.Step(batch, version);

        Exact.AssertFirstGradient(block.Snapshot(), network.Parameters, () => Loss(network, SharedReference.Reader(Size)(version.Doubles())));
        block.Dispose();
    }

    [Fact]
    public void Inference_by_flow_matching_is_Euler_on_equal_steps_from_t_0()
    {
        using TimeConditionedDenoiser network = DoubleNetwork(oneHot);
        double[][] z = new InferenceNoise(3, 0, false).Start(0, Count, TestData.Classes).Rows();
        double[] actual = [.. Denoise(Snapshot(oneHot), Count)];

        Tensor features = network.ImageFeatures(batch.DoubleImages(), ForwardPass.Inference);
        for (int n = 0; n < oneHot.InferenceSteps; n++)
        {
            Tensor t = tensor(Enumerable.Repeat((double)n / oneHot.InferenceSteps, Count).ToArray());
            z = Exact.Sum(1, z, 1.0 / oneHot.InferenceSteps, network.Logits(features, z.Matrix(), t, ForwardPass.Inference).DoubleRows());
        }

        Assert.All(z.SelectMany(row => row).Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Inference_by_flow_matching_reaches_the_embedding_that_a_constant_velocity_leads_to(int y)
    {
        double[] target = [.. Enumerable.Range(0, TestData.Classes).Select(i => i == y ? 1.0 : 0)];

        float[] z1 = Denoise(Toward(target), 1);

        Assert.All(target.Zip(z1), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void The_answer_of_flow_matching_is_the_nearest_embedding(int y)
    {
        // Nearer to u_y than to any other: 0.4 away, and sqrt(2) lies between two embeddings.
        float[] z = [.. Enumerable.Range(0, TestData.Classes).Select(i => i == y ? 0.6f : 0)];
        using IHeadCompute head = Method(oneHot).CreateHead(null);
        using IClassifierCompute classifier = Method(oneHot).CreateClassifier(head.Snapshot());

        Assert.Equal(y, classifier.Probabilities(tensor(z).unsqueeze(0)).argmax(1).item<long>());
    }

    private static FlowMatching Method(TrainingSettings settings) => new(settings, TestData.Digit, TestData.Classes, () => []);

    private static Tensor Column(double t) => tensor(Enumerable.Repeat(t, Count).ToArray()).unsqueeze(1);

    private static TimeConditionedDenoiser DoubleNetwork(TrainingSettings settings)
    {
        TimeConditionedDenoiser network = Exact.Context(settings).CreateTimeConditioned();
        network.Parameters.ToDouble();
        return network;
    }

    private (IBlockCompute Block, SharedVersion Version) Coupled()
    {
        using IHeadCompute head = Method(learned).CreateHead(null);
        return (Method(learned).CreateBlock(Block, null), head.Shared);
    }

    private static Snapshot Snapshot(TrainingSettings settings)
    {
        using TimeConditionedDenoiser network = Exact.Context(settings).CreateTimeConditioned();
        return Exact.Initial(Block.FileName, new TrainedSet(network.Parameters));
    }

    /// <summary>A network whose velocity is target - z_0 everywhere, for the z_0 of the first image.</summary>
    private Snapshot Toward(double[] target)
    {
        using TimeConditionedDenoiser network = Exact.Context(oneHot).CreateTimeConditioned();
        float[] z0 = new InferenceNoise(3, 0, false).Start(0, 1, TestData.Classes).Values();
        using IDisposable guard = no_grad();
        Weight("fused.output.weight").zero_();
        Weight("fused.output.bias").copy_(tensor([.. target.Zip(z0, (to, from) => (float)to - from)]));
        return Exact.Initial(Block.FileName, new TrainedSet(network.Parameters));

        Tensor Weight(string name) => network.Parameters.Weights.Single(weight => weight.Name == name).Value;
    }

    private float[] Denoise(Snapshot snapshot, int count)
    {
        using IDenoiserCompute denoiser = Method(oneHot).CreateDenoiser(Block, snapshot);
        return denoiser.Denoise(batch.Images.narrow(0, 0, count), new InferenceNoise(3, 0, false).Start(0, count, TestData.Classes), null).Values();
    }

    /// <summary>(11) and, where anchored, (13).</summary>
    private double Loss(TimeConditionedDenoiser network, SharedReference shared, double sigma = Sigma, bool anchored = true)
    {
        using DisposeScope step = NewDisposeScope();
        int d = shared.W[0].Length;
        double[][] z1 = shared.Embed(batch.LabelArray());
        double[][] z0 = Exact.Normal(new NoiseKey(1, NoiseStream.BlockInput, 1), Count, d);
        double[][] eps = Exact.Normal(new NoiseKey(1, NoiseStream.FlowNoise, 1), Count, d);
        double[] t = Exact.Uniform(new NoiseKey(1, NoiseStream.Time, 1), Count);
        double[][] z = [.. t.Select((at, i) => z1[i].Select((to, k) => at * to + (1 - at) * z0[i][k] + sigma * eps[i][k]).ToArray())];
        Tensor features = network.ImageFeatures(batch.DoubleImages(), ForwardPass.Inference);
        double[][] v = shared.Mean(network.Logits(features, z.Matrix(), tensor(t), ForwardPass.Inference).DoubleRows());
        double error = Exact.SquaredDistances(v, Exact.Sum(1, z1, -1, z0)).Average();
        double[][] end = [.. t.Select((at, i) => z[i].Zip(v[i], (x, slope) => x + (1 - at) * slope).ToArray())];
        return anchored ? error + shared.CrossEntropy(end, batch.LabelArray()) : error;
    }

    private static void AssertRows(double[][] expected, double[][] actual, double tolerance) =>
        Assert.All(expected.SelectMany(row => row).Zip(actual.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, tolerance));
}
