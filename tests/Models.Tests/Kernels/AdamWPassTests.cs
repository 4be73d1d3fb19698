using NoProp.Models.Kernels;
using NoProp.Models.Optimisers;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Kernels;

/// <summary>A step of the optimiser in one pass, against libtorch's operations.</summary>
public sealed class AdamWPassTests
{
    // Not a multiple of any vector.
    private const int Count = 1003;

    [Theory]
    [InlineData(OptimiserKind.AdamW, 0.01)]
    [InlineData(OptimiserKind.AdamW, 0)]
    [InlineData(OptimiserKind.Adam, 0.01)]
    public void Steps_differ_by_rounding_alone(OptimiserKind kind, double decay)
    {
        using DisposeScope scope = NewDisposeScope();

        float[] plain = After(kind, decay, KernelKind.Plain);
        float[] fused = After(kind, decay, KernelKind.Fused);

        Assert.All(plain.Zip(fused), pair => Assert.Equal(pair.First, pair.Second, 2e-6f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public void A_parameter_is_updated_alike_wherever_it_stands()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor parameters = full([Count], 0.5f.ToScalar()), gradient = full([Count], 0.1f.ToScalar());
        using AdamW optimiser = new(Count, 0.05, 0.01);

        optimiser.Step(parameters, gradient, 1);

        Assert.Single(parameters.data<float>().ToArray().Distinct());
    }

    private static float[] After(OptimiserKind kind, double decay, KernelKind kernels)
    {
        using IOptimiser optimiser = Optimiser.Create(kind, Count, 0.05, decay, kernels);
        Tensor parameters = Noise.Normal(TestData.Key(1), [Count]);
        for (int step = 1; step <= 20; step++)
        {
            optimiser.Step(parameters, Noise.Normal(TestData.Key(1 + step), [Count]), step, rate: 1.0 / step);
        }

        return parameters.data<float>().ToArray();
    }
}
