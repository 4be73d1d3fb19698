using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Host.Report;

/// <summary>Makes a report: one HTML file, and its pictures beside it.</summary>
internal static class ReportFile
{
    private const string DefaultName = "report.html";

    /// <summary>Reads runs and writes their report.</summary>
    /// <param name="paths">Their folders, at least one.</param>
    /// <param name="output">The HTML file; null for <c>report.html</c> in the folder of a single run, or in a new <c>runs/report-TIME</c>.</param>
    /// <param name="time">The time that names that folder.</param>
    /// <returns>The HTML file and its pictures, and the runs.</returns>
    /// <exception cref="SettingsException">The file's name does not end in <c>.html</c>, or a run is named twice.</exception>
    /// <exception cref="NoPropException">A run cannot be read, or a file cannot be written.</exception>
    public static (IReadOnlyList<string> Files, IReadOnlyList<ReportRun> Runs) Write(IReadOnlyList<string> paths, string? output, DateTime time)
    {
        if (output is not null && !output.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
        {
            throw new SettingsException($"--out {output}: must end in .html");
        }

        if (paths.Select(Path.GetFullPath).GroupBy(Path.TrimEndingDirectorySeparator).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new SettingsException($"{twice.Key} is named twice");
        }

        IReadOnlyList<string> names = RunReader.Names(paths);
        ReportRun[] runs = [.. paths.Zip(names, RunReader.Read)];
        output ??= paths is [var only] ? Path.Combine(only, DefaultName) : Path.Combine("runs", $"report-{time:yyyyMMdd-HHmmss}", DefaultName);
        IReadOnlyList<ReportFigure> figures = ReportFigure.Draw(runs);
        MakeFolder(Path.GetDirectoryName(Path.GetFullPath(output))!);
        string stem = Path.ChangeExtension(output, null);
        List<string> files = [output];
        foreach (ReportFigure figure in figures)
        {
            files.Add($"{stem}-{figure.Id}.png");
            AtomicFile.Write(files[^1], figure.Png);
        }

        AtomicFile.Write(output, ReportPage.Write(runs, figures));
        return (files, runs);
    }

    private static void MakeFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the folder {path} cannot be made: {e.Message}", e);
        }
    }
}
