using NoProp.Actors.Recording;
using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>How far stale gradients agree with fresh ones, by their lag.</summary>
internal static class CosineFigure
{
    private static readonly double[] Floors = [0.999, 0.99, 0.9, 0.5, 0, -1];

    /// <summary>The figure; null where no gradient was sampled.</summary>
    public static byte[]? Draw(IReadOnlyList<ReportRun> runs)
    {
        ProbePoint[] all = [.. runs.SelectMany(run => run.Probes).Where(probe => double.IsFinite(probe.Cosine))];
        return all.Length == 0 ? null : FigureStyle.Stack(420, [plot => Draw(plot, runs, all)]);
    }

    private static void Draw(Plot plot, IReadOnlyList<ReportRun> runs, ProbePoint[] all)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            ProbePoint[] probes = [.. runs[i].Probes.Where(probe => double.IsFinite(probe.Cosine))];
            if (probes.Length == 0)
            {
                continue;
            }

            Color color = FigureStyle.OfRun(i);
            string prefix = runs.Count > 1 ? $"{runs[i].Name}, " : "";
            ScottPlot.Plottables.Scatter points = plot.Add.ScatterPoints(
                probes.Select(probe => Axis(probe.Lag)).ToArray(), probes.Select(probe => probe.Cosine).ToArray(), color.WithAlpha(0.35));
            points.MarkerSize = 6;
            points.LegendText = prefix + "one gradient";
            plot.Line(
                probes.GroupBy(probe => Histogram.Bucket(probe.Lag)).OrderBy(bucket => bucket.Key)
                    .Select(bucket => (bucket.Average(probe => Axis(probe.Lag)), bucket.Average(probe => probe.Cosine))),
                color, prefix + "mean", marker: 8);
        }

        long[] ticks = [0, .. Enumerable.Range(0, 40).Select(power => 1L << power).TakeWhile(lag => lag <= Math.Max(2 * all.Max(probe => probe.Lag), 1))];
        plot.Axes.Bottom.SetTicks([.. ticks.Select(Axis)], [.. ticks.Select(lag => $"{lag}")]);
        double low = Floors.First(floor => floor == Floors[^1] || floor < all.Min(probe => probe.Cosine));
        plot.Axes.SetLimits(-0.3, Axis(Math.Max(all.Max(probe => probe.Lag), 1)) + 0.3, low - 0.03 * (1 - low), 1 + 0.05 * (1 - low));
        plot.XLabel("lag, versions");
        plot.YLabel("cosine between stale and fresh gradient");
        plot.ShowLegend(Edge.Right);
    }

    // Lags from 0 on an axis that doubles.
    private static double Axis(long lag) => Math.Log2(1 + lag);
}
