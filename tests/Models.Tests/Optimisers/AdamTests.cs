using NoProp.Models.Kernels;
using NoProp.Models.Optimisers;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Optimisers;

public sealed class AdamTests : IDisposable
{
    private const int Count = 40;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly float[] curvature = [.. Noise.Normal(TestData.Key(1), [Count]).Values().Select(Math.Abs)];
    private readonly float[] optimum = Noise.Normal(TestData.Key(2), [Count]).Values();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1e-3, 1e-3)]
    [InlineData(0.05, 0)]
    [InlineData(0.05, 0.3)]
    public void Fifty_steps_go_where_the_definition_goes_in_double_precision(double learningRate, double weightDecay)
    {
        using Adam optimiser = new(Count, learningRate, weightDecay);
        Tensor weights = Start();
        double[] expected = [.. weights.Values().Select(value => (double)value)];
        double[] first = new double[Count];
        double[] second = new double[Count];
        for (int step = 1; step <= 50; step++)
        {
            optimiser.Step(weights, Gradient(weights), step);
            for (int i = 0; i < Count; i++)
            {
                double gradient = (expected[i] - optimum[i]) * curvature[i] + weightDecay * expected[i];
                first[i] = 0.9 * first[i] + 0.1 * gradient;
                second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
                double corrected = Math.Sqrt(second[i] / (1 - Math.Pow(0.999, step)));
                expected[i] -= learningRate * (first[i] / (1 - Math.Pow(0.9, step))) / (corrected + 1e-8);
            }
        }

        // Rounding of float32 alone; 50 steps at 0.05 move a weight by up to 2.5.
        Assert.All(expected.Zip(weights.Values()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(first.Zip(optimiser.FirstMoment.Values()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(second.Zip(optimiser.SecondMoment.Values()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Without_weight_decay_Adam_is_AdamW_bit_for_bit()
    {
        using Adam adam = new(Count, 0.05, 0);
        using AdamW adamW = new(Count, 0.05, 0);

        Assert.Equal(After(adamW, 20).Bits(), After(adam, 20).Bits());
    }

    [Fact]
    public void Weights_without_a_gradient_move_by_the_learning_rate_for_the_penalty_is_scaled_like_any_gradient()
    {
        using Adam optimiser = new(2, 0.1, 0.5);
        Tensor weights = tensor(new[] { 2f, -7f });

        optimiser.Step(weights, zeros(2), 1);

        Assert.All(new[] { 1.9f, -6.9f }.Zip(weights.Values()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void A_step_changes_the_weights_and_leaves_the_gradient_as_it_is()
    {
        using Adam optimiser = new(Count, 0.05, 0.3);
        Tensor weights = Start();
        Tensor gradient = Gradient(weights);
        byte[] before = gradient.Bits();

        optimiser.Step(weights, gradient, 1);

        Assert.Equal(before, gradient.Bits());
        Assert.NotEqual(Start().Bits(), weights.Bits());
    }

    [Fact]
    public void An_optimiser_with_copied_moments_goes_on_bit_for_bit()
    {
        using Adam first = new(Count, 0.05, 1e-3);
        Tensor weights = After(first, 25);
        using Adam second = new(Count, 0.05, 1e-3);
        second.FirstMoment.copy_(first.FirstMoment);
        second.SecondMoment.copy_(first.SecondMoment);
        Tensor copy = weights.clone();

        for (int step = 26; step <= 50; step++)
        {
            first.Step(weights, Gradient(weights), step);
            second.Step(copy, Gradient(copy), step);
        }

        Assert.Equal(weights.Bits(), copy.Bits());
    }

    [Fact]
    public void A_step_leaves_no_tensor_in_the_scope_of_the_caller()
    {
        using Adam optimiser = new(Count, 0.05, 1e-3);
        Tensor weights = Start();
        Tensor gradient = Gradient(weights);
        using DisposeScope inner = NewDisposeScope();

        optimiser.Step(weights, gradient, 1);

        Assert.Equal(0, inner.DisposablesCount);
    }

    [Fact]
    public void An_optimiser_outlives_the_scope_in_which_it_is_created()
    {
        Adam optimiser;
        using (NewDisposeScope())
        {
            optimiser = new Adam(Count, 0.05, 1e-3);
        }

        using (optimiser)
        {
            Assert.Equal(new float[Count], optimiser.FirstMoment.Values());
        }
    }

    [Theory]
    [InlineData(OptimiserKind.AdamW, typeof(AdamW))]
    [InlineData(OptimiserKind.Adam, typeof(Adam))]
    public void The_kind_decides_the_optimiser(OptimiserKind kind, Type type)
    {
        using IOptimiser optimiser = Optimiser.Create(kind, Count, 0.05, 0.3);
        using IOptimiser same = (IOptimiser)Activator.CreateInstance(type, (long)Count, 0.05, 0.3, KernelKind.Fused)!;

        Assert.IsType(type, optimiser);
        Assert.Equal(After(same, 5).Bits(), After(optimiser, 5).Bits());
    }

    private static Tensor Start() => Noise.Normal(TestData.Key(3), [Count]);

    private Tensor After(IOptimiser optimiser, int steps)
    {
        Tensor weights = Start();
        for (int step = 1; step <= steps; step++)
        {
            optimiser.Step(weights, Gradient(weights), step);
        }

        return weights;
    }

    /// <summary>Of a quadratic bowl whose axes differ, so that every weight has another history.</summary>
    private Tensor Gradient(Tensor weights) => (weights - tensor(optimum)) * tensor(curvature);
}
