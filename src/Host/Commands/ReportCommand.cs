using System.CommandLine;
using System.Globalization;
using NoProp.Host.Report;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop report</c>.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string[]> runs = new("runs") { Description = "Run folders; several are compared. They may be in training", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = new("--out")
        {
            Description = "HTML file; its pictures are written beside it [default: report.html in the run's folder, or for several runs in runs/report-<time>]",
            HelpName = "FILE.html",
        };
        Command command = new("report", "Show what runs did, in one HTML file: accuracy over updates, samples and time, staleness, and where the time went")
        {
            runs, output,
        };
        command.SetAction(parsed =>
        {
            (IReadOnlyList<string> files, IReadOnlyList<ReportRun> read) = ReportFile.Write(parsed.GetValue(runs)!, parsed.GetValue(output), DateTime.Now);
            foreach (ReportRun run in read)
            {
                foreach (string missing in run.Missing)
                {
                    Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] {run.Name}: {missing}");
                }
            }

            Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files[0]}, and {files.Count - 1} pictures beside it"));
            return CommandLine.Success;
        });
        return command;
    }
}
