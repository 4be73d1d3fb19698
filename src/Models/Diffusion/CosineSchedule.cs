namespace NoProp.Models.Diffusion;

/// <summary>The fixed schedule abar_t = f(1 - t/T) / f(0), f(s) = cos^2((s + 0.008) / 1.008 * pi/2).</summary>
public static class CosineSchedule
{
    /// <summary>The schedule of T steps, clipped: without an upper clip SNR(T) would be infinite.</summary>
    /// <param name="blocks">T, at least 1.</param>
    /// <param name="abarMin">Lower clip, over 0.</param>
    /// <param name="abarMax">Upper clip, not under the lower one and under 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="blocks"/> is under 1, or a clip is out of its range.</exception>
    public static NoiseSchedule Create(int blocks, double abarMin = 1e-4, double abarMax = 1 - 1e-3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);

        // f(1) / f(0) is a rounding error over 0, so a lower clip of 0 would pass for a schedule. NaN fails every comparison.
        if (!(abarMin is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(abarMin), abarMin, "the lower clip of abar must be in (0, 1)");
        }

        if (!(abarMax >= abarMin && abarMax < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(abarMax), abarMax, "the upper clip of abar must be in [abarMin, 1)");
        }

        return new NoiseSchedule([.. Enumerable.Range(0, blocks + 1).Select(t => Math.Clamp(F(1 - (double)t / blocks) / F(0), abarMin, abarMax))]);
    }

    private static double F(double s)
    {
        double cosine = Math.Cos((s + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }
}
