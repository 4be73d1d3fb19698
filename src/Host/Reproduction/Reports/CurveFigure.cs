using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Rows;
using ScottPlot;

namespace NoProp.Host.Reproduction.Reports;

/// <summary>The picture of a figure: test accuracy of every run over wall time or epochs.</summary>
internal static class CurveFigure
{
    private const int Width = 1100;
    private const int Height = 700;

    /// <summary>The picture as PNG; null where nothing was tested yet.</summary>
    public static byte[]? Draw(AccuracyReport report)
    {
        ReportRow[] drawn = [.. report.Rows.Where(row => row.Runs.Any(run => run.Curve.Count > 0))];
        if (drawn.Length == 0)
        {
            return null;
        }

        Plot plot = new();
        Color[] colors = new ScottPlot.Colormaps.Turbo().GetColors(report.Rows.Count, 0.05, 0.95);
        foreach ((ReportRow row, int place) in report.Rows.Select((row, place) => (row, place)).Where(pair => drawn.Contains(pair.row)))
        {
            string? name = row.Name;
            foreach (RowRun run in row.Runs.Where(run => run.Curve.Count > 0))
            {
                ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(
                    run.Curve.Select(point => report.CurveAxis == CurveAxis.Seconds ? point.Seconds : point.Epoch).ToArray(),
                    run.Curve.Select(point => 100 * point.Accuracy).ToArray(),
                    colors[place]);
                line.LineWidth = 2;
                line.LinePattern = PaperEmbeddings.All.ToList().IndexOf(row.Embedding) switch
                {
                    1 => LinePattern.Dashed,
                    2 => LinePattern.Dotted,
                    _ => LinePattern.Solid,
                };
                // The seeds of a row share one entry.
                line.LegendText = name ?? "";
                name = null;
            }
        }

        plot.Title($"{report.Title}, {report.Context.Data}");
        plot.XLabel(report.CurveAxis == CurveAxis.Seconds ? "wall time, seconds" : "epochs");
        plot.YLabel("test accuracy, %");
        plot.ShowLegend(Edge.Right);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
