using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Weights;
using NoProp.Models;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using Spectre.Console;

namespace NoProp.Host.Reproduction;

/// <summary>Counts weights.</summary>
internal static class WeightReproduction
{
    /// <summary>Verb.</summary>
    public const string Name = "table5";

    /// <summary>Counts and writes the report.</summary>
    /// <param name="root">Folder; null for the usual one.</param>
    /// <param name="console">Where the report goes.</param>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="NoPropException">The folder cannot be used.</exception>
    public static int Run(string? root, IAnsiConsole console)
    {
        TorchRuntime.Load();
        WeightReport report = new("Table 5: number of weights", [.. Table5.Cells().Where(cell => cell.PaperMillions is not null)], NoPropHosting.Versions());
        ReportFolder folder = ReportFolder.Open(root, $"reproduce-{Name}", resume: false);
        string markdown = report.ToMarkdown();
        folder.Write(markdown, ReportJson.Write(report));
        console.Profile.Out.Writer.WriteLine(markdown);
        console.WriteLine($"report: {folder.Markdown}");
        return CommandLine.Success;
    }
}
