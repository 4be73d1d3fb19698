using System.Globalization;
using NoProp.Actors.Recording;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using ScottPlot;

namespace NoProp.Host.Replaying;

/// <summary>An arm with what came of it.</summary>
/// <param name="Name">Its policies.</param>
/// <param name="Run">Its training; null where it is still to come.</param>
/// <param name="BalancedProgress">T * min clock, by all the steps that its slots could have made.</param>
internal sealed record ForkReportArm(string Name, RowRun? Run, double? BalancedProgress = null);

/// <summary><c>report.md</c> and <c>report.json</c> of a fork.</summary>
/// <param name="Origin">The run that the arms come from.</param>
/// <param name="Step">Block steps of the state that they begin from.</param>
/// <param name="Arms">The arms.</param>
internal sealed record ForkReport(string Origin, long Step, IReadOnlyList<ForkReportArm> Arms)
{
    private const string Picture = "accuracy.png";

    /// <summary>The same with an arm's result.</summary>
    public ForkReport With(string arm, RowRun run, string folder) => this with
    {
        Arms = [.. Arms.Select(known => known.Name == arm ? known with { Run = run, BalancedProgress = Balanced(folder) } : known)],
    };

    /// <summary>Writes it, each file whole.</summary>
    /// <exception cref="NoProp.Models.NoPropException">It cannot be written.</exception>
    public void Write(ReportFolder folder) => folder.Write(Markdown(), ReportJson.Write(this), (Picture, Draw()));

    /// <summary>The text of <c>report.md</c>.</summary>
    public string Markdown() =>
        $"# Arms of {Origin} from {Step} block steps\n\nAll begin from the same weights, moments and noise; only the policies differ.\n\n"
        + Reproduction.Reports.Markdown.Table(
            ["arm", "test accuracy", "wall time, s", "balanced progress", "weights, SHA-256", "state"],
            [.. Arms.Select(Cells)])
        + $"\n![Accuracy]({Picture})\n";

    private static string[] Cells(ForkReportArm arm) =>
    [
        Reproduction.Reports.Markdown.Cell(arm.Name),
        Reproduction.Reports.Markdown.Percent(arm.Run?.Accuracy),
        Reproduction.Reports.Markdown.Number(arm.Run?.Seconds, "0.0"),
        Reproduction.Reports.Markdown.Number(arm.BalancedProgress, "0.00"),
        arm.Run is { WeightsSha256.Length: > 0 } run ? run.WeightsSha256[..16] : Reproduction.Reports.Markdown.None,
        arm.Run switch
        {
            null => "not run yet",
            { Outcome: RowOutcome.Failed } failed => Reproduction.Reports.Markdown.Cell($"failed: {failed.Reason}"),
            _ => "finished",
        },
    ];

    private static double? Balanced(string folder)
    {
        string summary = RunFolder.Read(folder).Summary;
        return File.Exists(summary) ? RunSummary.FromJson(File.ReadAllText(summary)).BalancedProgress : null;
    }

    private byte[] Draw()
    {
        Plot plot = new();
        foreach (ForkReportArm arm in Arms.Where(arm => arm.Run is { Curve.Count: > 0 }))
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(
                arm.Run!.Curve.Select(point => (double)point.Epoch).ToArray(), arm.Run.Curve.Select(point => 100 * point.Accuracy).ToArray());
            (line.LineWidth, line.MarkerSize, line.LegendText) = (2, 4, arm.Name);
        }

        plot.Title(string.Create(CultureInfo.InvariantCulture, $"Test accuracy of arms from {Step} block steps"));
        plot.XLabel("epochs");
        plot.YLabel("test accuracy, %");
        plot.ShowLegend(Edge.Right);
        return plot.GetImageBytes(1000, 600, ImageFormat.Png);
    }
}
