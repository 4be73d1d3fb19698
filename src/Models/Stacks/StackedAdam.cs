using NoProp.Models.Native;
using NoProp.Models.Optimisers;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Stacks;

/// <summary>The step of <see cref="AdamW"/> or <see cref="Adam"/> over rows that have made different numbers of steps.</summary>
/// <param name="kind">How weight decay enters it.</param>
/// <param name="learningRate">Step size.</param>
/// <param name="weightDecay">Weight decay, as the optimiser understands it.</param>
internal sealed class StackedAdam(OptimiserKind kind, double learningRate, double weightDecay)
{
    /// <summary>Updates weights and moments in place.</summary>
    /// <param name="parameters">The rows.</param>
    /// <param name="gradient">float32 [members, n].</param>
    /// <param name="steps">Number of this step for each row, from 1.</param>
    public void Step(StackedParameters parameters, Tensor gradient, IReadOnlyList<long> steps)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        float[] ofEach =
        [
            .. steps.Select(step => (float)(-learningRate / (1 - Math.Pow(AdamW.Beta1, step)))),
            .. steps.Select(step => (float)(1 / Math.Sqrt(1 - Math.Pow(AdamW.Beta2, step)))),
        ];
        Tensor factors = tensor(ofEach).view(2, steps.Count, 1).OnDeviceOf(gradient);
        (Tensor weights, Tensor first, Tensor second) = (parameters.Weights, parameters.FirstMoment, parameters.SecondMoment);
        Tensor whole = kind == OptimiserKind.Adam && weightDecay != 0 ? gradient.Plus(weightDecay, weights) : gradient;
        first.TimesInPlace(AdamW.Beta1).PlusInPlace(1 - AdamW.Beta1, whole);
        second.TimesInPlace(AdamW.Beta2).PlusProductInPlace(1 - AdamW.Beta2, whole, whole);
        Tensor denominator = second.sqrt().mul_(factors.select(0, 1)).PlusInPlace(AdamW.Epsilon);
        if (kind == OptimiserKind.AdamW)
        {
            weights.TimesInPlace(1 - learningRate * weightDecay);
        }

        weights.PlusQuotientInPlace(1, first * factors.select(0, 0), denominator);
    }
}
