using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using NoProp.Actors.Faults;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Cluster;
using NoProp.Host.Commands;
using NoProp.Host.Images;
using NoProp.Host.Views;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Faults;

/// <summary><c>noprop train --faults</c>: a small cluster of processes on this machine, a run on it, and faults.</summary>
internal static class FaultTraining
{
    private const string RunsFolder = "runs";
    private const string NodeSettings = "nodes.conf";
    private const int MostRejoins = 20;

    private static readonly TimeSpan BeforeRetrying = TimeSpan.FromSeconds(1);

    /// <summary>Trains.</summary>
    /// <param name="loaded">Settings of the run.</param>
    /// <param name="file">The file of faults.</param>
    /// <param name="plain">Whether progress is shown as lines.</param>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="SettingsException">The file is not right, or does not fit the run.</exception>
    public static async Task<int> RunAsync(LoadedSettings loaded, string file, bool plain)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new NoPropException("--faults sends the signals of Linux: it works there only");
        }

        FaultPlan plan = FaultFile.Parse(SettingsOptions.Read(file));
        NoPropSettings settings = loaded.Settings;
        string path = settings.Run.Out ?? Path.Combine(RunsFolder, $"{RunData.ShortName(settings.Data)}-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new NoPropException($"{path} is not empty: choose another folder with --out");
        }

        string root = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string name = Path.GetFileName(Path.GetFullPath(path));
        string mark = Path.Combine(root, ClusterRuns.MarkName);
        if (File.Exists(mark))
        {
            throw new NoPropException($"{mark} says that a cluster trains {File.ReadAllText(mark).Trim()} in that folder: choose another folder with --out, or delete that file if there is no such cluster any more");
        }

        if (new ClusterRuns(root, dataDir: null, [ComputeDevice.Cpu]).Queue.Read() is { IsEmpty: false } waiting)
        {
            throw new NoPropException($"{waiting[0].Name} waits in {root} for a cluster to train it: choose another folder with --out");
        }

        NoPropSettings run = settings with { Cluster = SettingsLoader.Load().Settings.Cluster, Run = new(null) };
        ImmutableArray<PlannedFault> schedule = FaultSchedule.Of(plan, TotalSteps(root, settings.Data.Directory, run));

        string folder = Directory.CreateDirectory(Path.Combine(root, $"{name}.nodes")).FullName;
        string nodeSettings = Path.Combine(folder, NodeSettings);
        NoPropSettings node = SettingsLoader.Load().Settings with { Cluster = settings.Cluster, Data = settings.Data };
        // Slots that sleep need a thread each, and no core.
        string threads = plan.Sleep is null ? "" : "noprop.dispatchers.compute.type = PinnedDispatcher\n";
        await File.WriteAllTextAsync(nodeSettings, SettingsHocon.ToHocon(node) + threads);
        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            try
            {
                return await SufferAsync(loaded, plan, schedule, run, path, folder, plain, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                Terminal.Out.WriteLine(File.Exists(Path.Combine(path, "run.conf"))
                    ? $"stopped, with all nodes; go on without faults with: noprop train --resume --out {path}"
                    : "stopped, with all nodes, before the run began");
                return CommandLine.Stopped;
            }
        }
    }

    private static async Task<int> SufferAsync(
        LoadedSettings loaded, FaultPlan plan, ImmutableArray<PlannedFault> schedule, NoPropSettings run, string path, string folder, bool plain, CancellationToken stop)
    {
        string name = Path.GetFileName(Path.GetFullPath(path));
        NoPropSettings settings = loaded.Settings;
        using FaultCluster cluster = new(plan, folder, Path.GetDirectoryName(folder)!, Path.Combine(folder, NodeSettings), Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));
        Terminal.Out.MarkupLineInterpolated($"[bold]{path}[/]: {plan.Trainers} trainer and {plan.Workers} workers of {plan.Slots} slots as processes on this machine, {schedule.Length} faults; what they say is in {folder}");
        await cluster.StartAsync(stop);
        LoadedSettings joining = FaultyNode.Allow(loaded, plan.Cuts) with { Settings = settings with { Cluster = settings.Cluster with { Join = cluster.Trainers } } };
        FaultInjector injector = new(cluster, schedule, path, line =>
        {
            if (plain)
            {
                Terminal.Out.WriteLine(line);
            }
        });
        using CancellationTokenSource over = new();
        Task injecting = Task.CompletedTask;
        RunEnded ended;
        try
        {
            injector.Client = await ClusterClient.JoinAsync(joining, stop);
            if (await injector.Client.AskAsync(new SubmitRun(SettingsHocon.ToHocon(run), name), "to train a run") is RunRefused refused)
            {
                throw new NoPropException(refused.Reason);
            }

            injecting = injector.RunAsync(over.Token);
            TrainingProgress progress = new(run.Training.Blocks * run.Training.Replicas, run.Training.Replicas);
            Task<RunEnded> training = FollowOrFailAsync(
                FollowAsync(injector, joining, name, progress, stop), cluster.TrainersGoneAsync(() => injector.IsRestarting, over.Token));
            await (plain ? PlainView.FollowAsync(Terminal.Out, progress, training) : LiveView.FollowAsync(Terminal.Out, progress, training, stop));
            ended = await training;
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAny(injecting);
        }

        await injecting;
        FaultReport report = FaultReport.Of(plan.Seed, injector, cluster, ended);
        await injector.Client.DisposeAsync();
        cluster.Dispose();
        return Conclude(path, folder, report, ended);
    }

    // What the run is made of is read here too, so that what is wrong with it is said before anything is started.
    private static long TotalSteps(string root, string? dataDir, NoPropSettings run)
    {
        RunPlan plan = new ClusterRuns(root, dataDir, [ComputeDevice.Cpu]).Load(SettingsHocon.ToHocon(run), remote: null);
        using (plan.Dataset)
        {
            plan.CheckPolicies();
            return plan.TotalSteps;
        }
    }

    private static async Task<RunEnded> FollowOrFailAsync(Task<RunEnded> following, Task<string> gone) =>
        await Task.WhenAny(following, gone) == following ? await following : throw new NoPropException(await gone);

    private static async Task<RunEnded> FollowAsync(FaultInjector injector, LoadedSettings joining, string name, TrainingProgress progress, CancellationToken stop)
    {
        void Observe(RunEvent runEvent)
        {
            progress.Observe(runEvent);
            injector.Observe(runEvent);
        }

        for (int rejoins = 0; ;)
        {
            try
            {
                if (injector.Client is null)
                {
                    injector.Client = await ClusterClient.JoinAsync(joining, stop);
                }

                RunEnded ended = await injector.Client.FollowAsync(name, Observe, stop);
                if (ended.Outcome != RunOutcome.Failed || injector.DiskHealed is not { } healed)
                {
                    return ended;
                }

                // What a person would do when there is room again.
                await healed.WaitAsync(stop);
                if (await injector.Client.AskAsync(new ResumeRun([], name), "to go on") is RunRefused refused)
                {
                    throw new NoPropException(refused.Reason);
                }
            }
            catch (NoPropException) when (!stop.IsCancellationRequested && ++rejoins <= MostRejoins)
            {
                // With the only trainer the cluster is gone, and there is another one soon.
                if (injector.Client is { } old && await old.HasEndedAsync(BeforeRetrying, CancellationToken.None))
                {
                    injector.Client = null;
                }
            }
        }
    }

    private static int Conclude(string path, string folder, FaultReport report, RunEnded ended)
    {
        report.Write(Terminal.Out);
        if (Directory.Exists(path))
        {
            AtomicFile.Write(Path.Combine(path, "faults.json"), report.ToJson());
            Directory.Move(folder, Path.Combine(path, "nodes"));
        }

        RunFigures figures = ended.Figures;
        string work = string.Create(
            CultureInfo.InvariantCulture,
            $"{figures.Epochs} epochs, {figures.BlockSteps} block steps in {figures.WallTime.TotalSeconds:0.0} s; weights {figures.WeightsSha256}");
        return Conclusion.Write(ended, work, whenDone: null, whenStopped: null);
    }
}
