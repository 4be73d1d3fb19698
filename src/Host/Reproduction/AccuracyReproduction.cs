using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using NoProp.Host.Views;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Reproduction;

/// <summary>Trains the rows of a table or figure one after another, and keeps its report up to date.</summary>
internal sealed class AccuracyReproduction
{
    private readonly ReportFolder folder;
    private readonly IReadOnlyList<RowJob> jobs;
    private readonly string command;
    private AccuracyReport report;

    private AccuracyReproduction(ReportFolder folder, IReadOnlyList<RowJob> jobs, string command, AccuracyReport report)
    {
        this.folder = folder;
        this.jobs = jobs;
        this.command = command;
        this.report = report;
    }

    /// <summary>Checks the settings of every row before the first one is trained.</summary>
    /// <param name="experiment">What is reproduced.</param>
    /// <param name="request">How.</param>
    /// <param name="root">Folder; null for the usual one.</param>
    /// <param name="resume">Whether the folder may hold finished rows.</param>
    /// <exception cref="SettingsException">Something was asked for that cannot be.</exception>
    /// <exception cref="NoPropException">The data cannot be read, or the folder cannot be used.</exception>
    public static AccuracyReproduction Prepare(Experiment experiment, AccuracyRequest request, string? root, bool resume)
    {
        IReadOnlyList<Row> rows = Row.Select(experiment.Rows(request.Data), request.Rows);
        Scale scale = Scale.Parse(request.ScaleText);
        bool curve = experiment.Curve is not null;
        TorchRuntime.Load();
        using Dataset data = DataCatalog.Load(request.Data, request.DataDir);
        int images = (int)data.Train.Count;

        // The settings are checked before anything is made on the disk.
        List<RowJob> Jobs(string path) =>
        [
            .. from row in rows
               let budget = request.Budget ?? scale.Of(row.Method, row.Embedding, request.Data, images, curve)
               from seed in Enumerable.Range(0, request.Seeds)
               select RowJob.Create(row, (ulong)seed, path, budget.Images, [.. request.Settings(budget, images, curve), .. row.Settings]),
        ];
        _ = Jobs(root ?? ".");
        ReportFolder folder = ReportFolder.Open(root, $"{request.Verb}-{experiment.Name}", resume);
        List<RowJob> jobs = Jobs(folder.Path);
        string command = request.Command(experiment.Name, folder.Path);
        ReportContext context = new(
            request.Data, images, (int)data.Test.Count, data.Shape.ToString(), request.Network, request.Budget?.InWords() ?? scale.InWords(request.Data), request.Seeds, command, Machine.Describe(), NoPropHosting.Versions())
        {
            ShowsLag = request.Budget is not null,
        };
        return new(folder, jobs, command, new(experiment.Name, experiment.Title, experiment.Curve, context, [.. jobs.GroupBy(job => job.Row).Select(Empty)]));
    }

    /// <summary>Prepares and trains, on the terminal.</summary>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="SettingsException">Something was asked for that cannot be.</exception>
    /// <exception cref="NoPropException">The data cannot be read, or the folder cannot be used.</exception>
    public static async Task<int> RunAsync(Experiment experiment, AccuracyRequest request, string? root, bool resume, bool plain)
    {
        if (resume && root is null)
        {
            throw new SettingsException("--resume needs the folder to go on in: name it with --out");
        }

        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            return await Prepare(experiment, request, root, resume).RunAsync(Terminal.Out, plain || !Terminal.IsLive, stop.Token);
        }
    }

    /// <summary>Trains what is not trained yet.</summary>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="NoPropException">A report cannot be written.</exception>
    public async Task<int> RunAsync(IAnsiConsole console, bool plain, CancellationToken stop)
    {
        console.MarkupLineInterpolated($"[bold]{folder.Path}[/]: {jobs.Count} trainings of {report.Rows.Count} rows on {report.Context.Data}. {report.Context.Scale}");
        // Those of an earlier session first: if one does not fit, nothing has been trained for it.
        RowRun?[] earlier = [.. jobs.Select(job => job.Finished())];
        RowTrainer trainer = new(console, plain);
        string markdown = folder.Write(report);
        for (int i = 0; i < jobs.Count; i++)
        {
            RowJob job = jobs[i];
            if (earlier[i] is null)
            {
                if (stop.IsCancellationRequested)
                {
                    return Stopped(console);
                }

                console.MarkupLineInterpolated($"{i + 1}/{jobs.Count} [bold]{job.Row.Name}[/], seed {job.Seed}, {job.Loaded.Settings.Epochs} epochs");
            }

            RowRun run = earlier[i] ?? await trainer.TrainAsync(job, stop);
            if (run.Outcome == RowOutcome.Stopped)
            {
                return Stopped(console);
            }

            report = report.With(job.Row.Name, run);
            markdown = folder.Write(report);
            WriteLine(console, job, run, place: i + 1, known: earlier[i] is not null);
        }

        console.WriteLine();
        console.Profile.Out.Writer.WriteLine(markdown);
        console.WriteLine($"report: {folder.Markdown}");
        int failed = report.Rows.Sum(row => row.Runs.Count(run => run.Outcome == RowOutcome.Failed));
        return failed == 0
            ? CommandLine.Success
            : throw new NoPropException($"{failed} of {jobs.Count} trainings failed; the report says why. Try them again with: {command} --resume");
    }

    private int Stopped(IAnsiConsole console)
    {
        int done = report.Rows.Sum(row => row.Runs.Count);
        console.MarkupLineInterpolated($"[yellow]stopped:[/] {done} of {jobs.Count} trainings are finished; report so far: {folder.Markdown}");
        console.WriteLine($"go on with: {command} --resume");
        return CommandLine.Stopped;
    }

    private void WriteLine(IAnsiConsole console, RowJob job, RowRun run, int place, bool known)
    {
        string what = $"{place}/{jobs.Count} {job.Row.Name}, seed {job.Seed}:";
        if (run.Outcome == RowOutcome.Failed)
        {
            console.MarkupLineInterpolated($"{what} [red]failed:[/] {run.Reason}");
            return;
        }

        string paper = job.Row.Paper is { } accuracy ? $" (paper {Markdown.Percent(accuracy)})" : "";
        string time = known ? "finished earlier" : string.Create(CultureInfo.InvariantCulture, $"in {ProgressText.Duration(TimeSpan.FromSeconds(run.Seconds))}");
        console.MarkupLineInterpolated($"{what} [green]test accuracy {Markdown.Percent(run.Accuracy)}[/]{paper}, {time}");
    }

    private static ReportRow Empty(IGrouping<Row, RowJob> jobs)
    {
        Row row = jobs.Key;
        string[] own = ["noprop.seed=", "noprop.run.out="];
        return new(
            row.Name,
            row.Method,
            row.Embedding,
            row.Variant,
            [.. jobs.First().Overrides.Where(setting => !own.Any(path => setting.StartsWith(path, StringComparison.Ordinal)))],
            row.Paper,
            []);
    }
}
