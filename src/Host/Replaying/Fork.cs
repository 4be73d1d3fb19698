using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Actors.Replaying;
using NoProp.Actors.Training;
using NoProp.Host.Commands;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Spectre.Console;

namespace NoProp.Host.Replaying;

/// <summary>Runs that begin from one state of another run, each with policies of its own, and one report of them all.</summary>
internal sealed class Fork
{
    private readonly ReportFolder folder;
    private readonly IReadOnlyList<(ForkArm Arm, RowJob Job)> arms;
    private ForkReport report;

    private Fork(ReportFolder folder, IReadOnlyList<(ForkArm Arm, RowJob Job)> arms, ForkReport report) => (this.folder, this.arms, this.report) = (folder, arms, report);

    /// <summary>Makes the folders of the arms: each is a run that stands at the state it begins from.</summary>
    /// <param name="origin">Run folder.</param>
    /// <param name="step">Checkpoint of so many block steps; null for the newest.</param>
    /// <param name="wanted">The arms.</param>
    /// <param name="epochs">Epochs of the arms; null for those of the run.</param>
    /// <param name="root">Folder; null for <c>runs/fork-TIME</c>.</param>
    /// <param name="resume">Whether the folder may hold begun arms.</param>
    /// <exception cref="SettingsException">A policy is not known.</exception>
    /// <exception cref="NoPropException">The run or its checkpoint cannot be read, or a folder cannot be written.</exception>
    public static Fork Prepare(string origin, long? step, IReadOnlyList<ForkArm> wanted, int? epochs, string? root, bool resume)
    {
        RunFolder from = RunFolder.Read(origin);
        SettingsFile settings = SettingsOptions.Read(from.Settings);
        Checkpoint checkpoint = Load(from, step);
        LoadedSettings[] loaded = [.. wanted.Select(arm => Loaded(arm, arm.FileName))];
        NoPropSettings before = SettingsLoader.Load(settings).Settings;
        if (loaded.SelectMany(arm => SettingsHocon.DifferencesThatMatter(before, arm.Settings)).FirstOrDefault() is { } difference)
        {
            throw new SettingsException($"an arm cannot go on from {origin} with other settings that determine the weights ({difference})");
        }

        ReportFolder folder = ReportFolder.Open(root, "fork", resume);
        (ForkArm Arm, RowJob Job)[] arms = [.. wanted.Zip(loaded).Select(pair => (pair.First, Job(pair.First, Path.Combine(folder.Path, pair.First.FileName))))];
        foreach ((_, RowJob job) in arms.Where(arm => !arm.Job.IsBegun))
        {
            Begin(from, checkpoint, job);
        }

        return new(folder, arms, new(origin, checkpoint.Step, [.. wanted.Select(arm => new ForkReportArm(arm.Name, null))]));

        LoadedSettings Loaded(ForkArm arm, string path) => SettingsLoader.Load(
            settings,
            flags: [.. arm.Settings, new("noprop.run.out", path, "--out"), .. Epochs()],
            policyFault: SettingsOptions.PolicyFault);

        IEnumerable<SettingsFlag> Epochs() => epochs is { } count ? [new("noprop.epochs", count.ToString(CultureInfo.InvariantCulture), "--epochs")] : [];

        RowJob Job(ForkArm arm, string path)
        {
            LoadedSettings own = Loaded(arm, path);
            return new(new Row(arm.FileName, "", "", null, null, []), own.Settings.Training.Seed, path, Images: 0, Overrides: [], own);
        }
    }

    /// <summary>Trains the arms that are not finished, one after another.</summary>
    /// <returns>The command's exit code.</returns>
    public async Task<int> RunAsync(IAnsiConsole console, bool plain, CancellationToken stop)
    {
        console.MarkupLineInterpolated($"[bold]{folder.Path}[/]: {arms.Count} arms from {report.Origin} at {report.Step} block steps");
        RowTrainer trainer = new(console, plain);
        foreach ((ForkArm arm, RowJob job) in arms)
        {
            RowRun? run = job.Finished();
            if (run is null)
            {
                if (stop.IsCancellationRequested)
                {
                    return Stopped(console);
                }

                console.MarkupLineInterpolated($"[bold]{arm.Name}[/]");
                run = await trainer.TrainAsync(job, stop);
            }

            if (run.Outcome == RowOutcome.Stopped)
            {
                return Stopped(console);
            }

            report = report.With(arm.Name, run, job.Folder);
            report.Write(folder);
        }

        console.WriteLine();
        console.Profile.Out.Writer.WriteLine(report.Markdown());
        console.WriteLine($"report: {folder.Markdown}");
        return report.Arms.All(arm => arm.Run is { Outcome: RowOutcome.Finished })
            ? CommandLine.Success
            : throw new NoPropException("an arm failed; the report says why");
    }

    private int Stopped(IAnsiConsole console)
    {
        console.MarkupLineInterpolated($"[yellow]stopped:[/] go on with the same command and --resume --out {folder.Path}");
        return CommandLine.Stopped;
    }

    private static Checkpoint Load(RunFolder from, long? step)
    {
        IReadOnlyList<long> steps = from.Checkpoints.Steps();
        if (steps.Count == 0)
        {
            throw new NoPropException($"{from.Path} has no checkpoint yet: train it first");
        }

        return step is { } chosen && !steps.Contains(chosen)
            ? throw new NoPropException($"{from.Path} has no checkpoint of {chosen} block steps: there are {string.Join(", ", steps)}")
            : from.Checkpoints.Load(step ?? steps[^1]);
    }

    private static void Begin(RunFolder from, Checkpoint checkpoint, RowJob job)
    {
        using RunFolder arm = RunFolder.Create(job.Folder, SettingsHocon.ToHocon(job.Loaded.Settings));
        arm.Checkpoints.Save(checkpoint);
        long history = TrainerActor.HistoryOf(checkpoint);
        if (history > 0 && File.Exists(from.ReplayLog))
        {
            // With the log of what came before, the arm can be replayed like any run.
            ReplayContent log = ReplayLog.Read(from.ReplayLog);
            if (log.Entries.Length < history)
            {
                throw new NoPropException($"{from.ReplayLog} holds {log.Entries.Length} of the {history} records that lead to the checkpoint{(log.Fault is { } fault ? $": {fault}" : "")}");
            }

            using ReplayLog copy = ReplayLog.Create(arm.ReplayLog, log.Seed, log.Blocks);
            copy.Append([.. log.Entries.Take((int)history)]);
        }

        if (File.Exists(from.Metrics))
        {
            AtomicFile.Write(arm.Metrics, File.ReadAllText(from.Metrics));
        }
    }
}
