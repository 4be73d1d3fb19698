using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>
/// Positional embedding of the time (Vaswani et al., "Attention is all you need", section 3.5): sines and cosines of 32 frequencies. A time of
/// 0..1 is read as a position of 0..1000, the number of the paper's steps.
/// </summary>
public static class TimeEmbedding
{
    /// <summary>Width of the embedding.</summary>
    public const int Size = 64;

    private const int Positions = 1000;
    private const double LongestPeriod = 10_000;

    /// <summary>One time for a whole batch, float32 [count].</summary>
    public static Tensor At(double t, long count) => zeros(count, ScalarType.Float32).FillInPlace(t);

    /// <summary>float32 [batch] to [batch, <see cref="Size"/>]: the sines, then the cosines.</summary>
    public static Tensor Of(Tensor t)
    {
        float[] frequencies = [.. Enumerable.Range(0, Size / 2).Select(i => (float)(Positions * Math.Pow(LongestPeriod, -2.0 * i / Size)))];
        Tensor angles = t.unsqueeze(1) * tensor(frequencies);
        return cat([angles.sin(), angles.cos()], 1);
    }
}
