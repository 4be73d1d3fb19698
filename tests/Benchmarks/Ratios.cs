using System.Globalization;

namespace NoProp.Benchmarks;

/// <summary>Ratios of two arms, one for each round. The arms of a round ran one after the other, so that each ratio is free of slow drift.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
internal readonly record struct Ratios(double Median, double Lowest, double Highest)
{
    /// <summary>The ratios of each round.</summary>
    public static Ratios Of(double[] above, double[] below)
    {
        double[] ratios = [.. above.Zip(below, (x, y) => x / y)];
        return new(MedianOf(ratios), ratios.Min(), ratios.Max());
    }

    /// <summary>The middle value.</summary>
    public static double MedianOf(double[] values) => values.Order().ElementAt(values.Length / 2);

    /// <summary>With three significant digits.</summary>
    public static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.000", CultureInfo.InvariantCulture);
}
