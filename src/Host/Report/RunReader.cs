using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NoProp.Actors.Recording;
using NoProp.Models;

namespace NoProp.Host.Report;

/// <summary>
/// Reads what a report shows from a run folder. A run may be in training meanwhile, or of an earlier version: what is not there is named, and
/// all else is shown.
/// </summary>
internal static class RunReader
{
    /// <summary>Reads a run.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="name">What the report calls it.</param>
    /// <exception cref="NoPropException">It is no run folder, or cannot be read.</exception>
    public static ReportRun Read(string path, string name)
    {
        using RunFolder folder = RunFolder.Read(path);
        try
        {
            Dictionary<string, string> settings = Settings(File.ReadLines(folder.Settings));
            RecordReader records = new(new ReportRun(name, path) { Settings = settings, Summary = Summary(folder) }, Number(settings, "noprop.batch"), (int)Number(settings, "noprop.replicas", otherwise: 1));
            int damaged = 0;
            foreach (JsonObject record in MetricsLog.Read(folder.Metrics))
            {
                damaged += records.Take(record) ? 0 : 1;
            }

            ReportRun run = records.Finish();
            run.Missing.AddRange(MissingParts.Of(run));
            if (damaged > 0)
            {
                run.Missing.Add(string.Create(CultureInfo.InvariantCulture, $"{damaged} records of {folder.Metrics} are not understood and left out."));
            }

            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the run {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A short name for each folder, the last part of its path; numbered where two are the same.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> paths)
    {
        List<string> names = [];
        foreach (string path in paths)
        {
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            int same = names.Count(other => other == name || other.StartsWith($"{name} (", StringComparison.Ordinal));
            names.Add(same == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} ({same + 1})"));
        }

        return names;
    }

    // run.conf is written by noprop, one setting a line; one of an earlier version may have other settings, and is shown all the same.
    private static Dictionary<string, string> Settings(IEnumerable<string> lines) => lines
        .Select(line => line.Split(" = ", 2))
        .Where(parts => parts.Length == 2 && !parts[0].StartsWith('#'))
        .GroupBy(parts => parts[0].Trim())
        .ToDictionary(parts => parts.Key, parts => parts.Last()[1].Trim());

    private static double Number(Dictionary<string, string> settings, string path, double otherwise = double.NaN) =>
        settings.TryGetValue(path, out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : otherwise;

    private static RunSummary? Summary(RunFolder folder)
    {
        try
        {
            return File.Exists(folder.Summary) ? RunSummary.FromJson(File.ReadAllText(folder.Summary)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
