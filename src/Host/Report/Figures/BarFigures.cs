using ScottPlot;

namespace NoProp.Host.Report.Figures;

/// <summary>Shares as bars: of W's movement, and of the time.</summary>
internal static class BarFigures
{
    private static readonly (string Name, string Color, Func<TimeShares, double> Of)[] Times =
    [
        ("compute", "#2c7bb6", time => time.Compute),
        ("waiting for a batch", "#fdae61", time => time.Batch),
        ("waiting for the shared parameters", "#d7191c", time => time.Shared),
        ("without a lease", "#cccccc", time => time.Lease),
    ];

    /// <summary>Share of each block in the lengths of all movements of W; null where W has not moved.</summary>
    public static byte[]? Movement(IReadOnlyList<ReportRun> runs)
    {
        (ReportRun Run, int Place, double All)[] moved =
            [.. runs.Select((run, place) => (run, place, run.Counts.Values.Sum(block => block.Movement))).Where(entry => entry.Item3 > 0)];
        if (moved.Length == 0)
        {
            return null;
        }

        return FigureStyle.Stack(400,
        [
            plot =>
            {
                double width = 0.8 / moved.Length;
                for (int i = 0; i < moved.Length; i++)
                {
                    (ReportRun run, int place, double all) = moved[i];
                    ScottPlot.Plottables.BarPlot bars = plot.Add.Bars((Bar[])
                    [
                        .. run.Counts.Select(pair => new Bar
                        {
                            Position = pair.Key - 0.4 + (i + 0.5) * width,
                            Value = 100 * pair.Value.Movement / all,
                            Size = width * 0.95,
                            FillColor = FigureStyle.OfRun(place),
                            LineWidth = 0,
                        }),
                    ]);
                    bars.LegendText = run.Name;
                }

                int blocks = moved.Max(entry => entry.Run.Blocks);
                if (moved.All(entry => entry.Run.Blocks == blocks))
                {
                    ScottPlot.Plottables.HorizontalLine even = plot.Add.HorizontalLine(100.0 / blocks);
                    (even.Color, even.LinePattern, even.LegendText) = (Colors.Gray, LinePattern.Dashed, "all alike");
                }

                double[] numbers = FigureStyle.Numbers(blocks);
                plot.Axes.Bottom.SetTicks(numbers, FigureStyle.Labels(numbers));
                plot.Axes.Margins(bottom: 0);
                plot.XLabel("block");
                plot.YLabel("share of W's movement, %");
                plot.ShowLegend(Edge.Right);
            },
        ]);
    }

    /// <summary>Where the time of each block of a run went; null where it was not counted.</summary>
    public static byte[]? Time(ReportRun run)
    {
        if (run.Counts.Values.All(block => block.Steps == 0))
        {
            return null;
        }

        return FigureStyle.Stack(120 + Math.Clamp(run.Counts.Count, 4, 40) * 26,
        [
            plot =>
            {
                Dictionary<int, double> ends = run.Counts.Keys.ToDictionary(block => block, _ => 0.0);
                foreach ((string name, string color, Func<TimeShares, double> of) in Times)
                {
                    ScottPlot.Plottables.BarPlot bars = plot.Add.Bars((Bar[])
                    [
                        .. run.Counts.Select(pair => new Bar
                        {
                            // The first block is at the top.
                            Position = -pair.Key,
                            ValueBase = ends[pair.Key],
                            Value = ends[pair.Key] += of(pair.Value.Time),
                            FillColor = Color.FromHex(color),
                            LineWidth = 0,
                        }),
                    ]);
                    bars.Horizontal = true;
                    bars.LegendText = name;
                }

                double[] numbers = FigureStyle.Numbers(run.Counts.Keys.Max());
                plot.Axes.Left.SetTicks([.. numbers.Select(number => -number)], FigureStyle.Labels(numbers));
                plot.Axes.Margins(left: 0);
                plot.XLabel("seconds");
                plot.YLabel("block");
                plot.ShowLegend(Edge.Right);
            },
        ]);
    }
}
