using NoProp.Models.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;
using AdamW = NoProp.Models.Optimisers.AdamW;

namespace NoProp.Models.Tests.Optimisers;

// libtorch's AdamW is not careful with Scalars (see ScalarArithmetic), so no other test shall make the garbage collector run beside it.
[Collection(ProcessWideCollection.Name)]
public sealed class AdamWTests : IDisposable
{
    private const int Count = 40;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor curvature = Noise.Normal(TestData.Key(1), [Count]).abs();
    private readonly Tensor optimum = Noise.Normal(TestData.Key(2), [Count]);

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1e-3, 1e-3)]
    [InlineData(0.05, 0)]
    [InlineData(0.05, 0.3)]
    public void Fifty_steps_go_where_libtorchs_own_AdamW_goes(double learningRate, double weightDecay)
    {
        using AdamW optimiser = new(Count, learningRate, weightDecay);
        Tensor ours = Start();
        Parameter theirs = new(Start());
        using optim.Optimizer reference = optim.AdamW([theirs], learningRate, 0.9, 0.999, 1e-8, weightDecay);
        for (int step = 1; step <= 50; step++)
        {
            Descend(optimiser, ours, step);
            theirs.grad = Gradient(theirs.detach());
            reference.step();
        }

        // Rounding of float32 alone; 50 steps at 0.05 move a weight by up to 2.5.
        Assert.All(theirs.Values().Zip(ours.Values()), pair => Assert.Equal(pair.First, pair.Second, 2e-6f));
    }

    [Fact]
    public void The_first_step_moves_every_weight_by_the_learning_rate_against_the_gradient()
    {
        using AdamW optimiser = new(2, 0.01, 0);
        Tensor weights = tensor(new[] { 1f, 1f });

        optimiser.Step(weights, tensor(new[] { 100f, -0.001f }), 1);

        Assert.All(new[] { 0.99f, 1.01f }.Zip(weights.Values()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Weights_without_a_gradient_shrink_by_the_decay_alone()
    {
        using AdamW optimiser = new(1, 0.1, 0.5);
        Tensor weights = tensor(new[] { 2f });

        optimiser.Step(weights, zeros(1), 1);

        Assert.Equal(2f * (1 - 0.1f * 0.5f), weights.item<float>(), 1e-6f);
    }

    [Fact]
    public void An_optimiser_with_copied_moments_goes_on_bit_for_bit()
    {
        using AdamW first = new(Count, 0.05, 1e-3);
        Tensor weights = Start();
        Descend(first, weights, 1, 25);
        using AdamW second = new(Count, 0.05, 1e-3);
        second.FirstMoment.copy_(first.FirstMoment);
        second.SecondMoment.copy_(first.SecondMoment);
        Tensor copy = weights.clone();

        Descend(first, weights, 26, 50);
        Descend(second, copy, 26, 50);

        Assert.Equal(weights.Bits(), copy.Bits());
    }

    [Fact]
    public void A_step_leaves_no_tensor_in_the_scope_of_the_caller()
    {
        using AdamW optimiser = new(Count, 0.05, 1e-3);
        Tensor weights = Start();
        Tensor gradient = Gradient(weights);
        using DisposeScope inner = NewDisposeScope();

        optimiser.Step(weights, gradient, 1);

        Assert.Equal(0, inner.DisposablesCount);
    }

    private static Tensor Start() => Noise.Normal(TestData.Key(3), [Count]);

    /// <summary>Of a quadratic bowl whose axes differ, so that every weight has another history.</summary>
    private Tensor Gradient(Tensor weights) => (weights - optimum) * curvature;

    private void Descend(AdamW optimiser, Tensor weights, int from, int to)
    {
        for (int step = from; step <= to; step++)
        {
            Descend(optimiser, weights, step);
        }
    }

    private void Descend(AdamW optimiser, Tensor weights, int step) => optimiser.Step(weights, Gradient(weights), step);
}
