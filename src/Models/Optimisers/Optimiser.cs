using NoProp.Models.Kernels;

namespace NoProp.Models.Optimisers;

/// <summary>Creates optimisers.</summary>
public static class Optimiser
{
    /// <summary>An optimiser that has made no step.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="count">Number of parameters.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="weightDecay">Weight decay, as the optimiser understands it.</param>
    /// <param name="kernels">What computes a step.</param>
    public static IOptimiser Create(OptimiserKind kind, long count, double learningRate, double weightDecay, KernelKind kernels = KernelKind.Fused) => kind switch
    {
        OptimiserKind.AdamW => new AdamW(count, learningRate, weightDecay, kernels),
        OptimiserKind.Adam => new Adam(count, learningRate, weightDecay, kernels),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such optimiser"),
    };
}
