using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>Block steps a second, and the slots behind them.</summary>
internal static class ThroughputFigure
{
    /// <summary>The figure; null where it was not recorded.</summary>
    public static byte[]? Draw(IReadOnlyList<ReportRun> runs) => runs.All(run => run.Throughput.Count == 0) ? null : FigureStyle.Stack(320,
    [
        plot =>
        {
            for (int i = 0; i < runs.Count; i++)
            {
                plot.Line(Rates(runs[i]), FigureStyle.OfRun(i), runs[i].Name, marker: 4)
                    .LinePattern = FigureStyle.PatternOfRun(i);
            }

            plot.FromZero();
            plot.Axes.SetLimitsY(0, 1.1 * Math.Max(runs.SelectMany(Rates).Select(point => point.Rate).DefaultIfEmpty().Max(), 1));
            plot.XLabel("training time, seconds");
            plot.YLabel("block steps a second");
            plot.LegendIf(runs.Count > 1);
        },
        plot =>
        {
            for (int i = 0; i < runs.Count; i++)
            {
                ReportRun run = runs[i];
                string prefix = runs.Count > 1 ? $"{run.Name}, " : "";
                Color color = FigureStyle.OfRun(i);
                plot.Line(run.Throughput.Select(point => (point.Seconds, point.Slots.Alive)), runs.Count > 1 ? color : Colors.Gray, prefix + "alive", width: 3)
                    .LinePattern = LinePattern.Dotted;
                plot.Line(run.Throughput.Select(point => (point.Seconds, point.Slots.Leased)), runs.Count > 1 ? color : FigureStyle.OfRun(1), prefix + "with a lease")
                    .LinePattern = LinePattern.Dashed;
                plot.Line(run.Throughput.Select(point => (point.Seconds, point.Slots.Contributing)), color, prefix + "contributing");
            }

            plot.FromZero();
            plot.Axes.SetLimitsY(0, 1.1 * Math.Max(runs.SelectMany(run => run.Throughput).Max(point => point.Slots.Alive), 1) + 0.1);
            plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
            plot.XLabel("training time, seconds");
            plot.YLabel("slots");
            plot.ShowLegend(Edge.Right);
        },
    ]);

    // The last record of a session can come right after another: a rate over so short a time says nothing.
    private static IEnumerable<(double Seconds, double Rate)> Rates(ReportRun run) => run.Throughput
        .Where((point, i) => i == 0 || point.Seconds - run.Throughput[i - 1].Seconds is < 0 or > 1)
        .Select(point => (point.Seconds, point.StepsPerSecond));
}
