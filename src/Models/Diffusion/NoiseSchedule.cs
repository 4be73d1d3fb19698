namespace NoProp.Models.Diffusion;

/// <summary>How much of the label embedding z_t still holds: abar_0 &lt;= ... &lt;= abar_T, from almost pure noise to almost clean.</summary>
public sealed class NoiseSchedule
{
    private readonly double[] abar;

    /// <summary>A schedule from its values.</summary>
    /// <param name="abar">abar_0..abar_T, each strictly between 0 and 1, not decreasing.</param>
    /// <exception cref="ArgumentException">A value is out of range or smaller than the one before it.</exception>
    public NoiseSchedule(IReadOnlyList<double> abar)
    {
        if (abar.Count < 2 || abar.Any(value => value is not (> 0 and < 1)) || abar.Zip(abar.Skip(1)).Any(pair => pair.First > pair.Second))
        {
            throw new ArgumentException("abar must hold at least two values in (0, 1) that do not decrease", nameof(abar));
        }

        this.abar = [.. abar];
    }

    /// <summary>Number of steps T.</summary>
    public int Blocks => abar.Length - 1;

    /// <summary>abar_t, t = 0..T.</summary>
    public double Abar(int t) => abar[t];

    /// <summary>SNR(t) = abar_t / (1 - abar_t).</summary>
    public double Snr(int t) => abar[t] / (1 - abar[t]);

    /// <summary>SNR(t) - SNR(t-1), the weight of block t's error in (8); t = 1..T.</summary>
    public double SnrGain(int t) => Snr(t) - Snr(t - 1);
}
