using System.Globalization;
using NoProp.Actors.Recording;
using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>Lead and lag of each block of one run: a row for each block, a column for each bucket, the share of the block's numbers in the cell.</summary>
internal static class HistogramFigure
{
    private const int RowHeight = 26;
    private const int Frame = 110;

    // With more rows the numbers in the cells would touch.
    private const int RowsWithNumbers = 24;

    /// <summary>The figure; null where nothing was counted.</summary>
    public static byte[]? Draw(ReportRun run)
    {
        (string Title, string Below, Func<BlockCounts, Histogram> Of)[] panels =
        [
            .. new (string, string, Func<BlockCounts, Histogram>)[]
            {
                ("Lead", "steps ahead of the least advanced block, after each commit", block => block.Lead),
                ("Lag", "versions of the shared parameters between the step and its effect, each gradient", block => block.Lag),
            }.Where(panel => run.Counts.Values.Any(block => panel.Item3(block).Count > 0)),
        ];
        if (panels.Length == 0)
        {
            return null;
        }

        int height = Frame + Math.Clamp(run.Counts.Count, 4, 40) * RowHeight;
        return FigureStyle.Stack(height, [.. panels.Select(panel => (Action<Plot>)(plot => Draw(plot, run, panel.Title, panel.Below, panel.Of)))]);
    }

    private static void Draw(Plot plot, ReportRun run, string title, string below, Func<BlockCounts, Histogram> of)
    {
        (int Block, Histogram Histogram)[] rows = [.. run.Counts.Select(pair => (pair.Key, of(pair.Value)))];
        int columns = Math.Max(rows.Max(row => row.Histogram.Counts.Count), 1);
        double[,] shares = new double[rows.Length, columns];
        for (int y = 0; y < rows.Length; y++)
        {
            for (int x = 0; x < rows[y].Histogram.Counts.Count; x++)
            {
                shares[y, x] = 100.0 * rows[y].Histogram.Counts[x] / Math.Max(rows[y].Histogram.Count, 1);
            }
        }

        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(shares);
        map.Colormap = new ScottPlot.Colormaps.Blues();
        map.ManualRange = new ScottPlot.Range(0, 100);
        map.Colormap = map.Colormap.Reversed();
        for (int y = 0; y < rows.Length && rows.Length <= RowsWithNumbers; y++)
        {
            for (int x = 0; x < columns; x++)
            {
                if (shares[y, x] > 0)
                {
                    Label(plot, x, rows.Length - 1 - y, shares[y, x]);
                }
            }
        }

        plot.Add.ColorBar(map).Label = "% of the block";
        plot.BucketsBelow(columns);
        double[] numbers = FigureStyle.Numbers(rows.Length);
        plot.Axes.Left.SetTicks([.. numbers.Select(number => rows.Length - number)], [.. numbers.Select(number => rows[(int)number - 1].Block.ToString(CultureInfo.InvariantCulture))]);
        plot.Axes.SetLimits(-0.5, columns - 0.5, -0.5, rows.Length - 0.5);
        plot.HideGrid();
        plot.Title(title);
        plot.XLabel(below);
        plot.YLabel("block");
    }

    private static void Label(Plot plot, int x, int y, double share)
    {
        ScottPlot.Plottables.Text text = plot.Add.Text(share < 1 ? "<1" : share.ToString("0", CultureInfo.InvariantCulture), x, y);
        text.LabelAlignment = Alignment.MiddleCenter;
        text.LabelFontSize = 12;
        text.LabelFontColor = share > 55 ? Colors.White : Colors.Black;
    }
}
