using System.Globalization;
using System.Text;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Rows;

namespace NoProp.Host.Reproduction.Reports;

/// <summary><c>report.md</c> of a table or figure of accuracies.</summary>
internal static class AccuracyMarkdown
{
    private const int PointsShown = 10;

    /// <summary>The whole text.</summary>
    /// <param name="report">The report.</param>
    /// <param name="picture">File name of its figure; null for a table.</param>
    public static string Write(AccuracyReport report, string? picture)
    {
        StringBuilder text = new();
        ReportContext context = report.Context;
        text.Append(CultureInfo.InvariantCulture, $"# {report.Title}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{context.Scale}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Data: {context.Data}, {context.TrainImages} training images, {context.TestImages} test images, {context.Shape}. ");
        text.Append(CultureInfo.InvariantCulture, $"Network: {context.Network}. {(context.Seeds == 1 ? "Seed 0" : $"Seeds 0 to {context.Seeds - 1}")}. Accuracy is that of the end of training.\n\n");
        text.Append(Markdown.Table(
            ["row", "method", "embedding", "test accuracy", "std over seeds", .. Compared(context), "images x epochs", "wall time, s", "state"],
            [.. report.Rows.Select(row => Cells(row, context))]));
        if (picture is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n![{report.Title}]({picture})\n\n");
            text.Append("Of each run's tests about ten are listed; all of them are in report.json. Wall time includes the tests.\n\n");
            text.Append(Markdown.Table(["row", "seed", "epoch", "wall time, s", "test accuracy"], [.. report.Rows.SelectMany(CurveCells)]));
        }

        text.Append(CultureInfo.InvariantCulture, $"\nMade with `{context.Command}` on {context.Machine}; {string.Join(", ", context.Versions.Select(version => $"{version.Key} {version.Value}"))}.\n");
        return text.ToString();
    }

    private static string[] Compared(ReportContext context) => context.ShowsLag ? ["median lag", "largest lag"] : ["paper"];

    private static string[] Cells(ReportRow row, ReportContext context)
    {
        RowRun[] done = [.. row.Runs.Where(run => run.Outcome == RowOutcome.Finished)];
        string work = done is [RowRun first, ..] ? string.Create(CultureInfo.InvariantCulture, $"{first.Images} x {first.Epochs}") : Markdown.None;
        return
        [
            row.Name,
            PaperMethods.Title(row.Method),
            PaperEmbeddings.Title(row.Embedding) + (row.Variant is null ? "" : $"; {row.Variant}"),
            Markdown.Percent(row.MeanAccuracy),
            Markdown.Percent(row.StandardDeviation),
            .. context.ShowsLag
                ? (string[])[Markdown.Number(row.MedianLag, "0"), Markdown.Number(row.LargestLag, "0")]
                : [Markdown.Percent(row.PaperAccuracy)],
            work,
            Markdown.Number(row.MeanSeconds, "0.0"),
            State(row, done.Length, context.Seeds),
        ];
    }

    private static string State(ReportRow row, int done, int seeds) => row.Runs.FirstOrDefault(run => run.Outcome == RowOutcome.Failed) switch
    {
        { } failed => Markdown.Cell($"failed with seed {failed.Seed}: {failed.Reason}"),
        _ when done == seeds => "finished",
        _ when row.Runs.Count == 0 => "not run yet",
        _ => $"{done} of {seeds} seeds",
    };

    private static IEnumerable<string[]> CurveCells(ReportRow row) =>
        from run in row.Runs
        from point in Thin(run.Curve)
        select (string[])
        [
            row.Name,
            run.Seed.ToString(CultureInfo.InvariantCulture),
            point.Epoch.ToString(CultureInfo.InvariantCulture),
            Markdown.Number(point.Seconds, "0.0"),
            Markdown.Percent(point.Accuracy),
        ];

    // The first and the last always, and the others evenly in between.
    private static IEnumerable<CurvePoint> Thin(IReadOnlyList<CurvePoint> curve) => curve.Count <= PointsShown
        ? curve
        : Enumerable.Range(0, PointsShown).Select(i => curve[i * (curve.Count - 1) / (PointsShown - 1)]);
}
