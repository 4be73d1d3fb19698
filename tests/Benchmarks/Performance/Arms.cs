using System.Collections.Immutable;
using System.Globalization;

namespace NoProp.Benchmarks.Performance;

/// <summary>Something that is measured in turn with others.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Unit">Unit of the figure.</param>
/// <param name="Measure">Measures it once.</param>
internal sealed record Arm(string Name, string Unit, Func<double> Measure);

/// <summary>A ratio of two arms, which is free of slow drift: the arms of a round run one after the other.</summary>
/// <param name="Name">What it says.</param>
/// <param name="Above">Index of the arm above the line.</param>
/// <param name="Below">Index of the one below.</param>
/// <param name="Wanted">What is wanted of it, for people; empty for nothing.</param>
internal sealed record RatioOfArms(string Name, int Above, int Below, string Wanted = "");

/// <summary>Arms that belong together.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="What">What is compared, and how.</param>
/// <param name="Arms">The arms.</param>
/// <param name="Ratios">Their ratios.</param>
internal sealed record PerformanceCase(string Name, string What, ImmutableArray<Arm> Arms, ImmutableArray<RatioOfArms> Ratios)
{
    /// <summary>Measures every arm once in each round; a first round does not count.</summary>
    /// <param name="rounds">Rounds, at least 1.</param>
    /// <param name="measured">Told after each measurement.</param>
    public CaseResult Run(int rounds, Action measured)
    {
        double[][] values = [.. Arms.Select(_ => new double[rounds])];
        for (int round = -1; round < rounds; round++)
        {
            foreach ((int i, Arm arm) in Arms.Index())
            {
                double value = arm.Measure();
                if (round >= 0)
                {
                    values[i][round] = value;
                }

                measured();
            }
        }

        return new(
            Name,
            What,
            DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            rounds,
            [.. Arms.Select((arm, i) => new Figure($"{arm.Name}, {arm.Unit}", Spread.Of(values[i]), ""))],
            [.. Ratios.Select(ratio => new Figure(ratio.Name, Spread.Of([.. values[ratio.Above].Zip(values[ratio.Below], (above, below) => above / below)]), ratio.Wanted))]);
    }
}

/// <summary>The middle of some values, and how far they lie apart.</summary>
internal sealed record Spread(double Median, double Lowest, double Highest)
{
    /// <summary>Of these values. The middle of an even number of them is that of the two in the middle.</summary>
    public static Spread Of(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return new((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }
}

/// <summary>A line of a table.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Values">The values.</param>
/// <param name="Wanted">What is wanted of it; empty for nothing.</param>
internal sealed record Figure(string Name, Spread Values, string Wanted);

/// <summary>What a case has given.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="What">What is compared.</param>
/// <param name="Date">When it was measured.</param>
/// <param name="Rounds">In how many rounds.</param>
/// <param name="Arms">The arms.</param>
/// <param name="Ratios">Their ratios.</param>
internal sealed record CaseResult(string Name, string What, string Date, int Rounds, ImmutableArray<Figure> Arms, ImmutableArray<Figure> Ratios);
