using NoProp.Actors.Protocol;
using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>Block steps a second, and the slots behind them.</summary>
internal static class ThroughputFigure
{
    private static readonly (string Name, Func<SlotCounts, double> Of)[] Populations =
    [
        ("alive", slots => slots.Alive),
        ("with a lease", slots => slots.Leased),
        ("contributing", slots => slots.Contributing),
    ];

    /// <summary>The figure; null where it was not recorded.</summary>
    public static byte[]? Draw(IReadOnlyList<ReportRun> runs)
    {
        if (runs.All(run => run.Throughput.Count == 0))
        {
            return null;
        }

        return FigureStyle.Stack(
            runs.Count == 1 ? 300 : 260,
            [
                plot => DrawRates(plot, runs),
                .. runs is [var only]
                    ? [plot => DrawSlots(plot, only)]
                    : Populations.Select(population => (Action<Plot>)(plot => DrawSlots(plot, runs, population.Name, population.Of))),
            ]);
    }

    private static void DrawRates(Plot plot, IReadOnlyList<ReportRun> runs)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            plot.Line(Rates(runs[i]), FigureStyle.OfRun(i), runs[i].Name, marker: 4).LinePattern = FigureStyle.PatternOfRun(i);
        }

        Finish(plot, runs.SelectMany(Rates).Select(point => point.Rate).DefaultIfEmpty().Max());
        plot.YLabel("block steps a second");
        plot.LegendIf(runs.Count > 1);
    }

    private static void DrawSlots(Plot plot, ReportRun run)
    {
        LinePattern[] patterns = [LinePattern.Dotted, LinePattern.Dashed, LinePattern.Solid];
        foreach (((string name, Func<SlotCounts, double> of), int i) in Populations.Select((population, i) => (population, i)))
        {
            // The widest first, so that all three are seen where they are the same.
            plot.Line(run.Throughput.Select(point => (point.Seconds, of(point.Slots))), FigureStyle.OfRun(2 - i), name, width: 5 - 1.5f * i).LinePattern = patterns[i];
        }

        FinishSlots(plot, [run], "slots");
        plot.ShowLegend(Edge.Right);
    }

    private static void DrawSlots(Plot plot, IReadOnlyList<ReportRun> runs, string name, Func<SlotCounts, double> of)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            plot.Line(runs[i].Throughput.Select(point => (point.Seconds, of(point.Slots))), FigureStyle.OfRun(i), runs[i].Name).LinePattern = FigureStyle.PatternOfRun(i);
        }

        FinishSlots(plot, runs, $"slots {name}");
        plot.ShowLegend(Edge.Right);
    }

    private static void FinishSlots(Plot plot, IReadOnlyList<ReportRun> runs, string label)
    {
        Finish(plot, runs.SelectMany(run => run.Throughput).Select(point => point.Slots.Alive).DefaultIfEmpty().Max());
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.YLabel(label);
    }

    private static void Finish(Plot plot, double highest)
    {
        plot.FromZero();
        plot.Axes.SetLimitsY(0, 1.1 * Math.Max(highest, 1));
        plot.XLabel("training time, seconds");
    }

    // The last record of a session can come right after another: a rate over so short a time says nothing.
    private static IEnumerable<(double Seconds, double Rate)> Rates(ReportRun run) => run.Throughput
        .Where((point, i) => i == 0 || point.Seconds - run.Throughput[i - 1].Seconds is < 0 or > 1)
        .Select(point => (point.Seconds, point.StepsPerSecond));
}
