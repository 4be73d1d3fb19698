using NoProp.Models.Kernels;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Optimisers;

/// <summary>
/// Adam (Kingma, Ba, "Adam: a method for stochastic optimization", algorithm 1) with weight decay as an L2 penalty: the decay times the
/// parameters is part of the gradient that both moments average, as in torch.optim.Adam.
/// </summary>
/// <param name="count">Number of parameters.</param>
/// <param name="learningRate">Step size.</param>
/// <param name="weightDecay">Twice the weight of the penalty, sum of the squared parameters.</param>
/// <param name="kernels">What computes a step.</param>
public sealed class Adam(long count, double learningRate, double weightDecay, KernelKind kernels = KernelKind.Fused) : IOptimiser
{
    // Without a decay of its own, AdamW is Adam.
    private readonly AdamW undecayed = new(count, learningRate, weightDecay: 0, kernels);

    /// <inheritdoc/>
    public Tensor FirstMoment => undecayed.FirstMoment;

    /// <inheritdoc/>
    public Tensor SecondMoment => undecayed.SecondMoment;

    /// <inheritdoc/>
    public void Step(Tensor parameters, Tensor gradient, long step, double rate = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        undecayed.Step(parameters, weightDecay == 0 ? gradient : gradient.Plus(weightDecay, parameters), step, rate);
    }

    /// <inheritdoc/>
    public void MoveTo(ComputeDevice device) => undecayed.MoveTo(device);

    /// <inheritdoc/>
    public void Dispose() => undecayed.Dispose();
}
