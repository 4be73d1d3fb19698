using System.Globalization;
using NoProp.Actors.Recording;
using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>What the figures of a report have in common.</summary>
internal static class FigureStyle
{
    /// <summary>Width of every figure, in pixels.</summary>
    public const int Width = 1100;

    private static readonly Color[] Runs = new ScottPlot.Palettes.Category10().Colors;

    /// <summary>The colour of a run, by its place in the report.</summary>
    public static Color OfRun(int place) => Runs[place % Runs.Length];

    /// <summary>The pattern of a run's lines: colours come again after ten runs.</summary>
    public static LinePattern PatternOfRun(int place) => (place / Runs.Length % 3) switch
    {
        0 => LinePattern.Solid,
        1 => LinePattern.Dashed,
        _ => LinePattern.Dotted,
    };

    /// <summary>One colour for each of so many blocks, from the first to the last.</summary>
    public static Color[] OfBlocks(int count) => new ScottPlot.Colormaps.Viridis().GetColors(Math.Max(count, 1), 0, 0.9);

    /// <summary>Panels of one height, one below the other.</summary>
    public static byte[] Stack(int height, IReadOnlyList<Action<Plot>> panels)
    {
        Multiplot figure = new();
        figure.AddPlots(panels.Count);
        for (int i = 0; i < panels.Count; i++)
        {
            Plot plot = figure.GetPlot(i);
            // The same for all, so that their frames stand one above the other.
            (plot.Axes.Left.MinimumSize, plot.Axes.Right.MinimumSize) = (75, 25);
            panels[i](plot);
        }

        return figure.Render(Width, height * panels.Count).GetImageBytes();
    }

    /// <summary>A line with a name in the legend.</summary>
    public static ScottPlot.Plottables.Scatter Line(this Plot plot, IEnumerable<(double X, double Y)> points, Color color, string name, float width = 2, float marker = 0)
    {
        (double X, double Y)[] finite = [.. points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))];
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(finite.Select(point => point.X).ToArray(), finite.Select(point => point.Y).ToArray(), color);
        (line.LineWidth, line.MarkerSize, line.LegendText) = (width, marker, finite.Length > 0 ? name : "");
        return line;
    }

    /// <summary>Ticks of a vertical axis whose values are logarithms to the base of ten: at 1, 2 and 5 times each power, or at the powers alone.</summary>
    public static void LogarithmicLeft(this Plot plot)
    {
        plot.Axes.AutoScale();
        AxisLimits limits = plot.Axes.GetLimits();
        double[] marks = limits.VerticalSpan > 2.5 ? [1] : [1, 2, 5];
        (int from, int to) = ((int)Math.Floor(limits.Bottom), (int)Math.Ceiling(limits.Top));
        double[] ticks =
        [
            .. Enumerable.Range(from, to - from + 1)
                .SelectMany(power => marks.Select(mark => power + Math.Log10(mark)))
                .Where(tick => tick >= limits.Bottom && tick <= limits.Top),
        ];
        plot.Axes.Left.SetTicks(ticks, [.. ticks.Select(tick => Math.Pow(10, tick).ToString("0.######", CultureInfo.InvariantCulture))]);
    }

    /// <summary>A horizontal axis that begins at 0.</summary>
    public static void FromZero(this Plot plot)
    {
        AxisLimits limits = plot.Axes.GetLimits();
        plot.Axes.AutoScaleX();
        plot.Axes.SetLimitsX(0, Math.Max(plot.Axes.GetLimits().Right, 1e-9));
        plot.Axes.SetLimitsY(limits.Bottom, limits.Top);
    }

    /// <summary>Ticks of a horizontal axis at the buckets of a histogram, named by their numbers.</summary>
    public static void BucketsBelow(this Plot plot, int buckets) => plot.Axes.Bottom.SetTicks(
        [.. Enumerable.Range(0, buckets).Select(bucket => (double)bucket)], [.. Enumerable.Range(0, buckets).Select(Histogram.Label)]);

    /// <summary>Ticks at whole numbers from 1, no more than fit.</summary>
    public static double[] Numbers(int count)
    {
        int every = Math.Max(1, (int)Math.Ceiling(count / 25.0));
        return [.. Enumerable.Range(1, count).Where(number => number == 1 || number % every == 0).Select(number => (double)number)];
    }

    /// <summary>Those numbers as text.</summary>
    public static string[] Labels(double[] numbers) => [.. numbers.Select(number => number.ToString("0", CultureInfo.InvariantCulture))];

    /// <summary>A legend beside the plot, where more than one thing is drawn.</summary>
    public static void LegendIf(this Plot plot, bool wanted)
    {
        if (wanted)
        {
            plot.ShowLegend(Edge.Right);
        }
        else
        {
            plot.HideLegend();
        }
    }
}
