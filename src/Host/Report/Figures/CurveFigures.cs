using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>Accuracy and error over equal updates, equal samples and equal time; accuracy over depth.</summary>
internal static class CurveFigures
{
    private const int PanelHeight = 320;

    private static readonly (string Label, Func<Place, double> X)[] Axes =
    [
        ("updates: steps of all blocks together", place => place.Updates),
        ("samples: images used by each block, mean", place => place.Samples),
        ("training time, seconds", place => place.Seconds),
    ];

    /// <summary>Test accuracy; null where nothing was tested.</summary>
    public static byte[]? Accuracy(IReadOnlyList<ReportRun> runs) => runs.All(run => run.Accuracy.Count == 0) ? null : OnThreeAxes((plot, x) =>
    {
        for (int i = 0; i < runs.Count; i++)
        {
            plot.Line(runs[i].Accuracy.Select(point => (x(point.At), 100 * point.Accuracy)), FigureStyle.OfRun(i), runs[i].Name, marker: 5)
                .LinePattern = FigureStyle.PatternOfRun(i);
        }

        MarkSwitches(plot, runs, x);
        plot.Axes.AutoScale();
        plot.YLabel("test accuracy, %");
        plot.LegendIf(runs.Count > 1);
    });

    /// <summary>Error of the blocks' answers in training; null where no step is recorded.</summary>
    public static byte[]? Error(IReadOnlyList<ReportRun> runs) => runs.All(run => run.Losses.Count == 0) ? null : OnThreeAxes((plot, x) =>
    {
        if (runs is [var only])
        {
            Color[] colors = FigureStyle.OfBlocks(only.Blocks);
            foreach (IGrouping<int, LossPoint> block in only.Losses.GroupBy(point => point.Block).OrderBy(block => block.Key))
            {
                plot.Line(block.Select(point => (x(point.At), Math.Log10(point.SquaredError))), colors[block.Key - 1], $"block {block.Key}", width: 1);
            }

            plot.Line(only.Losses.Select(point => (x(point.At), Math.Log10(point.MeanOfBlocks))), Colors.Black, "mean", width: 2.5f);
        }
        else
        {
            for (int i = 0; i < runs.Count; i++)
            {
                plot.Line(runs[i].Losses.Select(point => (x(point.At), Math.Log10(point.MeanOfBlocks))), FigureStyle.OfRun(i), runs[i].Name, width: 1.5f)
                    .LinePattern = FigureStyle.PatternOfRun(i);
            }
        }

        MarkSwitches(plot, runs, x);
        plot.LogarithmicLeft();
        plot.YLabel("mean ||u_hat - u_y||²");
        plot.ShowLegend(Edge.Right);
    });

    /// <summary>Accuracy right after each block, at the last test; null where nothing was tested.</summary>
    public static byte[]? Depth(IReadOnlyList<ReportRun> runs) => runs.All(run => run.Accuracy.Count == 0) ? null : FigureStyle.Stack(400,
    [
        plot =>
        {
            for (int i = 0; i < runs.Count; i++)
            {
                IReadOnlyList<double> last = runs[i].Accuracy.LastOrDefault()?.PerBlock ?? [];
                plot.Line(last.Select((accuracy, block) => (block + 1.0, 100 * accuracy)), FigureStyle.OfRun(i), runs[i].Name, marker: 6)
                    .LinePattern = FigureStyle.PatternOfRun(i);
            }

            double[] numbers = FigureStyle.Numbers(runs.Max(run => run.Blocks));
            plot.Axes.Bottom.SetTicks(numbers, FigureStyle.Labels(numbers));
            plot.XLabel("block");
            plot.YLabel("test accuracy after it, %");
            plot.LegendIf(runs.Count > 1);
        },
    ]);

    // Of several runs, it would not be clear whose they are.
    private static void MarkSwitches(Plot plot, IReadOnlyList<ReportRun> runs, Func<Place, double> x)
    {
        foreach (Place at in runs.Count == 1 ? runs[0].SwitchPlaces : [])
        {
            ScottPlot.Plottables.VerticalLine line = plot.Add.VerticalLine(x(at));
            (line.Color, line.LineWidth, line.LinePattern) = (Colors.Gray, 1, LinePattern.Dashed);
        }
    }

    private static byte[] OnThreeAxes(Action<Plot, Func<Place, double>> draw) => FigureStyle.Stack(
        PanelHeight,
        [
            .. Axes.Select(axis => (Action<Plot>)(plot =>
            {
                draw(plot, axis.X);
                plot.FromZero();
                plot.XLabel(axis.Label);
            })),
        ]);
}
