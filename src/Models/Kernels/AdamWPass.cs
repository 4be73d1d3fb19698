using System.Numerics;
using System.Runtime.CompilerServices;

namespace NoProp.Models.Kernels;

/// <summary>A step of AdamW in one pass over parameters, gradient and moments.</summary>
internal static class AdamWPass
{
    /// <summary>Updates parameters and moments in place. All have the same length.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="gradient">Their gradient.</param>
    /// <param name="first">Its moving average.</param>
    /// <param name="second">The moving average of its square.</param>
    /// <param name="factors">The step's numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in Factors factors)
    {
        int i = 0;
        for (; i <= parameters.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> g = new(gradient[i..]);
            Vector<float> m = factors.Beta1 * new Vector<float>(first[i..]) + factors.Added1 * g;
            Vector<float> v = factors.Beta2 * new Vector<float>(second[i..]) + factors.Added2 * g * g;
            Vector<float> denominator = factors.SecondScale * Vector.SquareRoot(v) + new Vector<float>(factors.Epsilon);
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            (factors.Kept * new Vector<float>(parameters[i..]) - factors.Rate * m / denominator).CopyTo(parameters[i..]);
        }

        for (; i < parameters.Length; i++)
        {
            float g = gradient[i];
            float m = first[i] = factors.Beta1 * first[i] + factors.Added1 * g;
            float v = second[i] = factors.Beta2 * second[i] + factors.Added2 * g * g;
            parameters[i] = factors.Kept * parameters[i] - factors.Rate * m / (factors.SecondScale * MathF.Sqrt(v) + factors.Epsilon);
        }
    }

    /// <summary>Numbers of a step.</summary>
    /// <param name="Beta1">Decay of the first moment.</param>
    /// <param name="Added1">1 - beta_1, which in single precision has more digits than what can be taken from 1.</param>
    /// <param name="Beta2">Decay of the second moment.</param>
    /// <param name="Added2">1 - beta_2.</param>
    /// <param name="SecondScale">Factor of the second moment's root that takes its bias away.</param>
    /// <param name="Epsilon">Added to that root.</param>
    /// <param name="Rate">Step size, divided by the bias of the first moment.</param>
    /// <param name="Kept">What the decay leaves of a parameter.</param>
    internal readonly record struct Factors(float Beta1, float Added1, float Beta2, float Added2, float SecondScale, float Epsilon, float Rate, float Kept);
}
