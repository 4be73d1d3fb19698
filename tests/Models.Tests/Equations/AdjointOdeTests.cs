using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Equations;

/// <summary>
/// The adjoint method against back-propagation through a solver with many more steps, in double precision. The network's fast time
/// frequencies are cut off here: with them the solution itself needs steps under 1/1000.
/// </summary>
public sealed class AdjointOdeTests : IDisposable
{
    private const int Size = 6;
    private const int Count = 8;
    private const int FineSteps = 256;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TrainingSettings settings = TestData.Settings() with { Method = MethodKind.Adjoint, Embedding = new(EmbeddingKind.Learned, Size) };
    private readonly Batch batch = TestData.RandomBatch(0, count: Count);

    public void Dispose() => scope.Dispose();

    /// <summary>Where a ReLU switches on the way, the slope jumps, and the error falls with the step and no faster.</summary>
    [Fact]
    public void The_adjoint_gradient_nears_that_of_back_propagation_through_a_fine_solver_as_the_steps_grow()
    {
        double[] gradient = BackPropagated().Gradient;

        double[] distances = [.. new[] { 1, 8, 64 }.Select(steps => Distance(gradient, Adjoint(steps).Gradient))];

        Assert.True(distances[0] > 3 * distances[1] && distances[1] > 3 * distances[2] && distances[2] < 1e-3, string.Join(", ", distances));
    }

    [Fact]
    public void The_loss_of_the_adjoint_method_is_the_cross_entropy_at_the_end_of_the_solution()
    {
        double loss = BackPropagated().Loss;

        Assert.Equal(loss, Adjoint(16).Loss, 1e-4 * loss);
    }

    private static double Distance(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Norm(expected.Zip(actual, (a, b) => a - b)) / Norm(expected);

        static double Norm(IEnumerable<double> x) => Math.Sqrt(x.Sum(value => value * value));
    }

    /// <summary>Loss and gradient, by all weights and then by all that is shared, as the method gives them.</summary>
    private (double Loss, double[] Gradient) Adjoint(int steps)
    {
        using DisposeScope inner = NewDisposeScope();
        using TimeConditionedDenoiser network = Slow();
        AdjointOde method = new(settings with { SolverSteps = steps }, TestData.Digit, TestData.Classes, () => []);
        SharedTensors shared = SharedTensors.Pin(Layout(), Version());

        Objective objective = method.Objective(network, batch, shared);

        return (objective.Loss.item<float>(), Gradient(objective.Trunk, objective.Descend, network, shared.Flat!));
    }

    /// <summary>The same with a graph of the whole solution.</summary>
    private (double Loss, double[] Gradient) BackPropagated()
    {
        using DisposeScope inner = NewDisposeScope();
        using TimeConditionedDenoiser network = Slow();
        network.Parameters.ToDouble();
        foreach (Parameter weight in network.Parameters.Weights)
        {
            weight.Value.requires_grad_(true);
        }

        Tensor flat = tensor(Version().Doubles(), requires_grad: true);
        Tensor classifier = flat.narrow(0, 0, TestData.Classes * Size).view(TestData.Classes, Size);
        Tensor bias = flat.narrow(0, TestData.Classes * Size, TestData.Classes);
        Tensor w = flat.narrow(0, TestData.Classes * (Size + 1), TestData.Classes * Size).view(TestData.Classes, Size);
        Tensor features = network.ImageFeatures(batch.DoubleImages(), ForwardPass.Inference);
        Tensor z = Exact.Normal(new NoiseKey(1, NoiseStream.BlockInput, 1), Count, Size).Matrix();
        const double h = 1.0 / FineSteps;
        for (int n = 0; n < FineSteps; n++)
        {
            double t = n * h;
            Tensor k1 = Velocity(z, t);
            Tensor k2 = Velocity(z.Plus(h / 2, k1), t + h / 2);
            Tensor k3 = Velocity(z.Plus(h / 2, k2), t + h / 2);
            Tensor k4 = Velocity(z.Plus(h, k3), t + h);
            z = z.Plus(h / 6, k1).Plus(h / 3, k2).Plus(h / 3, k3).Plus(h / 6, k4);
        }

        Tensor logProbabilities = nn.functional.log_softmax(z.matmul(classifier.t()).Plus(bias), 1);
        Tensor loss = logProbabilities.gather(1, batch.Labels.unsqueeze(1)).mean().neg();
        return (loss.item<double>(), Gradient(new(), loss, network, flat));

        Tensor Velocity(Tensor at, double t) =>
            network.Logits(features, at, tensor(Enumerable.Repeat(t, Count).ToArray()), ForwardPass.Inference).matmul(w);
    }

    /// <summary>Without the weights that are cut off: their gradient is an integral over the fast frequencies.</summary>
    private static double[] Gradient(Trunk trunk, Tensor descend, TimeConditionedDenoiser network, Tensor flat)
    {
        Tensor[] leaves = [.. network.Parameters.Weights.Select(weight => weight.Value), flat];
        return
        [
            .. trunk.Gradients(descend, leaves).Zip(leaves).SelectMany(pair =>
                (pair.First * pair.Second.detach().sign().abs()).flatten().to(ScalarType.Float64).data<double>().ToArray()),
        ];
    }

    private SharedLayout Layout() => Exact.Context(settings).Layout(1);

    private SharedVersion Version()
    {
        using IHeadCompute head = new AdjointOde(settings, TestData.Digit, TestData.Classes, () => []).CreateHead(null);
        return head.Shared;
    }

    /// <summary>The network without the sines and cosines of more than 5 radians.</summary>
    private TimeConditionedDenoiser Slow()
    {
        TimeConditionedDenoiser network = Exact.Context(settings).CreateTimeConditioned();
        Tensor time = network.Parameters.Weights.Single(weight => weight.Name == "time.fc1.weight").Value;
        using IDisposable guard = no_grad();
        for (int i = 0; i < TimeEmbedding.Features / 2 && TimeEmbedding.Frequency(i) > 5; i++)
        {
            time.narrow(1, i, 1).zero_();
            time.narrow(1, i + TimeEmbedding.Features / 2, 1).zero_();
        }

        return network;
    }
}
