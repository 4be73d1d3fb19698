using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Host.Reproduction.Memory;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using NoProp.Models;
using NoProp.Models.Data;
using Spectre.Console;

namespace NoProp.Host.Reproduction;

/// <summary>Measures the memory that training takes, method by method.</summary>
internal static class MemoryReproduction
{
    /// <summary>Verb.</summary>
    public const string Name = "table3";

    /// <summary>Measures and writes the report.</summary>
    /// <param name="request">What was asked for; its scale and seeds do not matter.</param>
    /// <param name="root">Folder; null for the usual one.</param>
    /// <param name="console">Where progress and the report go.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="SettingsException">Something was asked for that cannot be.</exception>
    /// <exception cref="NoPropException">The data cannot be read, or a method cannot be measured.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<int> RunAsync(AccuracyRequest request, string? root, IAnsiConsole console, CancellationToken stop)
    {
        IReadOnlyList<Row> rows = Row.Select(
            [.. PaperMethods.All.Select(method => Row.Create(request.Data, request.Data, method, PaperEmbeddings.OneHot))], request.Rows);
        Dictionary<Row, string[]> settings = rows.ToDictionary(row => row, row => (string[])
        [
            $"noprop.data.name={request.Data}",
            .. request.DataDir is null ? (IEnumerable<string>)[] : [$"noprop.data.dir={request.DataDir}"],
            $"noprop.network.kind={request.Network}",
            .. row.Settings,
        ]);
        foreach ((Row row, string[] own) in settings)
        {
            RowJob.Create(row, seed: 0, ".", images: 0, [.. own, .. MemoryMeasurement.Settings]);
        }

        PeakMemory.Read();
        DataCatalog.Load(request.Data, request.DataDir, trainLimit: 1).Dispose();
        ReportFolder folder = ReportFolder.Open(root, $"reproduce-{Name}", resume: false);
        List<MemoryRow> measured = [];
        foreach (Row row in rows)
        {
            MemoryRow result = await MeasureAsync(row, request.Data, settings[row], stop);
            measured.Add(result);
            string text = result.Measurement is { } measurement ? $"{measurement.Use.Added >> 20} MB" : $"failed: {result.Reason}";
            console.WriteLine($"{row.Name}: {text}");
        }

        MemoryReport report = new(
            "Table 3: memory of training", request.Data, request.Network, request.Command(Name, folder.Path), Machine.Describe(), NoPropHosting.Versions(), measured);
        string markdown = report.ToMarkdown();
        folder.Write(markdown, ReportJson.Write(report));
        console.WriteLine();
        console.Profile.Out.Writer.WriteLine(markdown);
        console.WriteLine($"report: {folder.Markdown}");
        string[] failed = [.. measured.Where(row => row.Reason is not null).Select(row => row.Method)];
        return failed.Length == 0 ? CommandLine.Success : throw new NoPropException($"{string.Join(", ", failed)} could not be measured; the report says why");
    }

    private static async Task<MemoryRow> MeasureAsync(Row row, string data, string[] settings, CancellationToken stop)
    {
        double? paper = PaperResults.MemoryGigabytes(data, row.Method);
        try
        {
            return new(row.Method, settings, paper, await MemoryProcess.MeasureAsync(settings, stop), null);
        }
        catch (NoPropException e)
        {
            return new(row.Method, settings, paper, null, e.Message);
        }
    }
}
