using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Models.Optimisers;

/// <summary>
/// Updates one flat vector of parameters. Its whole state is two vectors of the same length; whoever copies both, and counts on, goes on
/// bit for bit.
/// </summary>
public interface IOptimiser : IDisposable
{
    /// <summary>Moving average of the gradient, float32 [count].</summary>
    Tensor FirstMoment { get; }

    /// <summary>Moving average of its square, float32 [count].</summary>
    Tensor SecondMoment { get; }

    /// <summary>Updates the parameters in place.</summary>
    /// <param name="parameters">float32 [count].</param>
    /// <param name="gradient">float32 [count].</param>
    /// <param name="step">Number of this step, from 1.</param>
    /// <param name="rate">Factor of the learning rate in this step.</param>
    void Step(Tensor parameters, Tensor gradient, long step, double rate = 1);

    /// <summary>Moves both moments to a device, where the parameters and gradients then are too. An optimiser begins on the CPU.</summary>
    /// <param name="device">The device; what is to be on the CPU stays where it began.</param>
    void MoveTo(ComputeDevice device);
}
