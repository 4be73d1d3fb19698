namespace NoProp.Host.Report;

/// <summary>The page of a report: figures and tables in the order in which they are read.</summary>
internal static class ReportPage
{
    /// <summary>The text of the HTML file; it asks for nothing from anywhere.</summary>
    public static string Write(IReadOnlyList<ReportRun> runs, IReadOnlyList<ReportFigure> figures)
    {
        string title = runs is [var only] ? $"Run {only.Name}" : $"{runs.Count} runs in comparison";
        return Html.Page(title,
        [
            $"<h1>{Html.Text(title)}</h1>\n",
            Html.Paragraph(string.Join(", ", runs.Select(run => run.Path == run.Name ? run.Name : $"{run.Name} ({run.Path})"))),
            Html.Section("Results", [ReportTables.Results(runs), .. runs.Where(run => run.Missing.Count > 0).Select(run => Missing(run, runs.Count))]),
            Html.Section("Settings and policies", ReportTables.Settings(runs)),
            Html.Section("Accuracy and error", Figures("accuracy", "error", "depth")),
            Html.Section(
                "Staleness",
                [
                    Html.Paragraph("Counts are of all that happened: steps that a kill has undone, and that were made again, count twice."),
                    Figures("staleness", "movement"),
                    .. runs.Select(ReportTables.Staleness),
                ]),
            Html.Section("Stale and fresh gradients", Figures("cosine"), ReportTables.Cosines(runs)),
            Html.Section("Time", [Figures("time", "throughput"), .. runs.Select(ReportTables.Time)]),
            Html.Section("Incidents", ReportTables.Incidents(runs)),
        ]);

        string Figures(params string[] ids) => string.Concat(figures
            .Where(figure => ids.Contains(figure.Id.Split('-')[0]))
            .Select(figure => $"<h3>{Html.Text(figure.Title)}</h3>\n{Html.Figure(figure)}"));
    }

    private static string Missing(ReportRun run, int runs) => Html.Paragraph(runs == 1 ? "What is not there:" : $"What is not there of {run.Name}:") + Html.List(run.Missing);
}
