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

/// <summary>The end-to-end baseline (17)-(19) against the same chain in double precision.</summary>
public sealed class BackpropagationTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const int Layers = 3;
    private const int ClassifierValues = TestData.Classes * (Size + 1);

    private static readonly BlockId Block = new(1);
    private static readonly float[] Omega = [0.5f, -1, 2];

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings settings = TestData.Settings(blocks: Layers) with { Method = MethodKind.Backprop, Embedding = new(EmbeddingKind.Learned, Size) };
    private readonly Batch batch = TestData.RandomBatch(0, count: Count);
    private readonly Backpropagation method;
    private readonly Denoiser[] networks;
    private readonly Snapshot snapshot;
    private readonly IBlockCompute block;
    private readonly IHeadCompute head;
    private readonly SharedVersion version;

    public BackpropagationTests()
    {
        method = new(settings, TestData.Digit, TestData.Classes, () => []);
        networks = [.. BlockId.UpTo(Layers).Select(Exact.Context(settings).CreateDenoiser)];
        using ParameterSet gates = new();
        gates.AddGiven("omega", [Layers], Omega);
        gates.Build(default);
        snapshot = Exact.Initial(
            Block.FileName, [.. BlockId.UpTo(Layers).Select(layer => new TrainedSet(networks[layer.Index].Parameters, layer.FileName + ".")), new(gates)]);
        (block, head) = (method.CreateBlock(Block, snapshot), method.CreateHead(null));
        version = head.Shared;
        foreach (Denoiser network in networks)
        {
            network.Parameters.ToDouble();
        }
    }

    public void Dispose()
    {
        block.Dispose();
        head.Dispose();
        foreach (Denoiser network in networks)
        {
            network.Dispose();
        }

        scope.Dispose();
    }

    [Fact]
    public void Equation_17_the_loss_is_the_cross_entropy_at_the_end_of_the_chain_from_pure_noise()
    {
        double expected = Loss(version.Doubles(), Omega);

        Assert.Equal(expected, block.StepAndRead(batch, version).Loss.Loss, 1e-5 * expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    [InlineData(1)]
    public void Equation_18_a_layer_mixes_its_input_with_its_output(double w)
    {
        double[][] z = Exact.Normal(TestData.Key(1), Count, Size);
        double[][] u = Exact.Normal(TestData.Key(2), Count, Size);

        double[][] mixed = Backpropagation.Mix(tensor(new[] { w }), z.Matrix(), u.Matrix()).DoubleRows();

        Assert.All(Exact.Sum(1 - w, z, w, u).SelectMany(row => row).Zip(mixed.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void Equation_18_inference_is_the_chain_of_mixes()
    {
        InferenceNoise noise = new(3, 0, false);
        using IDenoiserCompute denoiser = method.CreateDenoiser(Block, snapshot, head.Snapshot());

        float[] actual = denoiser.Denoise(batch.Images, noise.Start(0, Count, Size), null).Values();

        double[][] expected = Chain(SharedReference.Reader(Size)(version.Doubles()), noise.Start(0, Count, Size).Rows(), [.. Omega.Select(x => (double)x)]);
        Assert.All(expected.SelectMany(row => row).Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Equation_19_the_gradient_of_the_gates_is_its_finite_difference()
    {
        double[] expected = Exact.Gradient(omega => Loss(version.Doubles(), omega), [.. Omega.Select(x => (double)x)]);

        block.Step(batch, version);

        Exact.AssertClose(expected, [.. block.Snapshot().Values("optimizer.exp_avg.omega").Select(moment => moment * 10)], 1e-4);
    }

    [Fact]
    public void Equation_19_training_begins_with_gates_half_open()
    {
        using IBlockCompute fresh = method.CreateBlock(Block, null);

        Assert.All(fresh.Snapshot().Values("omega"), omega => Assert.Equal(0.5, 1 / (1 + Math.Exp(-omega))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Layers)]
    public void Equation_17_the_gradient_reaches_every_weight_of_a_layer_through_all_layers_after_it(int layer)
    {
        block.Step(batch, version);

        Exact.AssertFirstGradient(
            block.Snapshot(), networks[layer - 1].Parameters, () => Loss(version.Doubles(), Omega), new BlockId(layer).FileName + ".");
    }

    [Fact]
    public void Equation_17_classifier_and_W_move_by_the_finite_difference()
    {
        double[] expected = Exact.Gradient(values => Loss(values, Omega), version.Doubles());

        Exact.AssertClose(expected, block.Step(batch, version), 1e-4, ClassifierValues);
    }

    private double Loss(double[] values, float[] omega) => Loss(values, [.. omega.Select(x => (double)x)]);

    private double Loss(double[] values, double[] omega)
    {
        SharedReference shared = SharedReference.Reader(Size)(values);
        double[][] z0 = Exact.Normal(new NoiseKey(1, NoiseStream.BlockInput, 1), Count, Size);
        return shared.CrossEntropy(Chain(shared, z0, omega), batch.LabelArray());
    }

    private double[][] Chain(SharedReference shared, double[][] z, double[] omega)
    {
        using DisposeScope step = NewDisposeScope();
        Tensor images = batch.DoubleImages();
        for (int i = 0; i < Layers; i++)
        {
            double w = 1 / (1 + Math.Exp(-omega[i]));
            z = Exact.Sum(1 - w, z, w, shared.Output(networks[i].Logits(images, z.Matrix(), ForwardPass.Inference).DoubleRows()));
        }

        return z;
    }
}
