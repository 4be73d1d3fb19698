using NoProp.Models.Randomness;
using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>How a network is run: for training, with dropout and the batch's own statistics, or for inference, without.</summary>
/// <param name="Dropout">Where dropout masks are drawn while training; null at inference.</param>
public readonly record struct ForwardPass(NoiseKey? Dropout)
{
    /// <summary>No dropout, running statistics.</summary>
    public static ForwardPass Inference { get; }

    /// <summary>The convolutions at the network's beginning in this pass; null where all that has weights is in the graph of automatic differentiation.</summary>
    internal Trunk? Trunk { get; init; }

    /// <summary>Dropout masks that were drawn together, by site; null where each is drawn when it is needed.</summary>
    internal IReadOnlyDictionary<int, Tensor>? Masks { get; init; }

    /// <summary>Whether this is a training step.</summary>
    public bool Training => Dropout is not null;
}
