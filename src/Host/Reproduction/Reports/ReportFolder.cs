using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Host.Reproduction.Reports;

/// <summary>The folder of a reproduction: <c>report.md</c>, <c>report.json</c>, its figure, and the run folders of its rows.</summary>
/// <param name="Path">The folder.</param>
internal sealed record ReportFolder(string Path)
{
    /// <summary>The folder for a new reproduction.</summary>
    /// <param name="path">Where; null for <c>runs/WHAT-TIME</c>.</param>
    /// <param name="what">Verb and experiment, <c>reproduce-table1</c>.</param>
    /// <param name="resume">Whether it may hold something already.</param>
    /// <exception cref="NoPropException">It holds something already, or cannot be made.</exception>
    public static ReportFolder Open(string? path, string what, bool resume)
    {
        path ??= System.IO.Path.Combine("runs", $"{what}-{DateTime.Now:yyyyMMdd-HHmmss}");
        if (!resume && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new NoPropException($"{path} is not empty: go on with --resume, or choose another folder with --out");
        }

        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the folder {path} cannot be made: {e.Message}", e);
        }

        return new(path);
    }

    /// <summary>The human-readable report.</summary>
    public string Markdown => System.IO.Path.Combine(Path, "report.md");

    /// <summary>Writes a report, each file whole.</summary>
    /// <param name="markdown">Text of <c>report.md</c>.</param>
    /// <param name="json">Text of <c>report.json</c>.</param>
    /// <param name="picture">Name and bytes of a picture; null for none.</param>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public void Write(string markdown, string json, (string Name, byte[] Png)? picture = null)
    {
        if (picture is { } figure)
        {
            AtomicFile.Write(System.IO.Path.Combine(Path, figure.Name), figure.Png);
        }

        AtomicFile.Write(System.IO.Path.Combine(Path, "report.json"), json);
        AtomicFile.Write(Markdown, markdown);
    }

    /// <summary>The same for a table or figure of accuracies.</summary>
    /// <returns>Text of <c>report.md</c>.</returns>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public string Write(AccuracyReport report)
    {
        (string Name, byte[] Png)? picture = report.CurveAxis is not null && CurveFigure.Draw(report) is { } png ? ($"{report.What}.png", png) : null;
        string markdown = AccuracyMarkdown.Write(report, picture?.Name);
        Write(markdown, ReportJson.Write(report), picture);
        return markdown;
    }
}
