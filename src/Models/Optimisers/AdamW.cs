using NoProp.Models.Kernels;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Optimisers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov, Hutter, "Decoupled weight decay regularization", algorithm 2) over one flat vector, so
/// that its whole state is two vectors of the same length.
/// </summary>
public sealed class AdamW : IOptimiser
{
    internal const double Beta1 = 0.9;
    internal const double Beta2 = 0.999;
    internal const double Epsilon = 1e-8;

    private readonly double learningRate;
    private readonly double weightDecay;
    private readonly KernelKind kernels;

    /// <summary>An optimiser that has made no step.</summary>
    /// <param name="count">Number of parameters.</param>
    /// <param name="learningRate">Step size.</param>
    /// <param name="weightDecay">Decay of the parameters per unit of step size.</param>
    /// <param name="kernels">What computes a step.</param>
    public AdamW(long count, double learningRate, double weightDecay, KernelKind kernels = KernelKind.Fused)
    {
        this.kernels = kernels;
        this.learningRate = learningRate;
        this.weightDecay = weightDecay;
        FirstMoment = zeros(count, ScalarType.Float32).DetachFromDisposeScope();
        SecondMoment = zeros(count, ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor FirstMoment { get; private set; }

    /// <inheritdoc/>
    public Tensor SecondMoment { get; private set; }

    /// <inheritdoc/>
    public void Step(Tensor parameters, Tensor gradient, long step, double rate = 1)
    {
        double scaled = learningRate * rate;
        double correction1 = 1 - Math.Pow(Beta1, step);
        double correction2 = Math.Sqrt(1 - Math.Pow(Beta2, step));
        if (kernels == KernelKind.Fused && parameters.device_type == DeviceType.CPU)
        {
            AdamWPass.Run(
                parameters.FloatSpan(), gradient.FloatSpan(), FirstMoment.FloatSpan(), SecondMoment.FloatSpan(),
                new((float)Beta1, (float)(1 - Beta1), (float)Beta2, (float)(1 - Beta2), (float)(1 / correction2), (float)Epsilon, (float)(scaled / correction1), (float)(1 - scaled * weightDecay)));
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        FirstMoment.TimesInPlace(Beta1).PlusInPlace(1 - Beta1, gradient);
        SecondMoment.TimesInPlace(Beta2).PlusProductInPlace(1 - Beta2, gradient, gradient);
        Tensor denominator = SecondMoment.sqrt().TimesInPlace(1 / correction2).PlusInPlace(Epsilon);
        parameters.TimesInPlace(1 - scaled * weightDecay).PlusQuotientInPlace(-scaled / correction1, FirstMoment, denominator);
    }

    /// <inheritdoc/>
    public void MoveTo(ComputeDevice device)
    {
        if (device != ComputeDevice.Cpu)
        {
            FirstMoment = Moved(FirstMoment, device);
            SecondMoment = Moved(SecondMoment, device);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }

    private static Tensor Moved(Tensor moment, ComputeDevice device)
    {
        Tensor moved = moment.to(device.Torch, copy: true).DetachFromDisposeScope();
        moment.Dispose();
        return moved;
    }
}
