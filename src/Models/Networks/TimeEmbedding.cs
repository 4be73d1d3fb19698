using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>
/// The sinusoidal positional embedding of a time t in [0, 1]: sin(w_i t) and cos(w_i t), w_i = 1000 / 10000^(i / 32). These are a
/// Transformer's frequencies at position 1000 t, so that a step of 1/1000, the paper's grid, is one position.
/// </summary>
internal sealed class TimeEmbedding : IDisposable
{
    /// <summary>Width of the embedding: as many sines as cosines.</summary>
    public const int Features = 64;

    private const double Positions = 1000;
    private const double LongestPeriod = 10_000;

    private Tensor frequencies;

    /// <summary>The frequencies, 32 of them.</summary>
    public TimeEmbedding()
    {
        using DisposeScope scope = NewDisposeScope();
        frequencies = tensor([.. Enumerable.Range(0, Features / 2).Select(Frequency)]).DetachFromDisposeScope();
    }

    /// <summary>w_i, i = 0..31.</summary>
    public static float Frequency(int i) => (float)(Positions * Math.Pow(LongestPeriod, -2.0 * i / Features));

    /// <summary>t, float32 [batch], to [batch, 64]: first the sines, then the cosines.</summary>
    public Tensor Forward(Tensor t)
    {
        if (frequencies.OnDeviceOf(t) is var here && !ReferenceEquals(here, frequencies))
        {
            // The network has been moved since the last time.
            frequencies.Dispose();
            frequencies = here.DetachFromDisposeScope();
        }

        Tensor angles = t.unsqueeze(1) * frequencies;
        return cat([angles.sin(), angles.cos()], 1);
    }

    /// <inheritdoc/>
    public void Dispose() => frequencies.Dispose();
}
