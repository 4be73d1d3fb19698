using System.CommandLine;
using System.Globalization;
using System.Net;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Host.Cluster;
using NoProp.Host.Control;
using NoProp.Host.Faults;
using NoProp.Host.Page;
using NoProp.Host.Plots;
using NoProp.Host.Views;
using NoProp.Models.Data;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop train</c>.</summary>
internal static class TrainCommand
{
    private const int DashboardPort = 5080;

    public static Command Create()
    {
        SettingsOptions settings = new SettingsOptions()
            .Add("--data", "noprop.data.name", "NAME", "Data set: " + string.Join(", ", DataCatalog.Names))
            .Add("--data-dir", "noprop.data.dir", "FOLDER", "Where its files are; without it the usual places are searched")
            .Add("--train-limit", "noprop.data.train-limit", "N", "Train on the first N images only; 0 for all")
            .Add("--image-size", "noprop.data.image-size", "N|HxW", "Scale image files to this size, in pixels")
            .Add("--augment", "noprop.data.augment", "CHANGES", "Random changes of the training images: none, flip, crop or flip,crop")
            .Add("--method", "noprop.method", "METHOD", "dt, ct, fm, backprop or adjoint")
            .Add("--embedding", "noprop.embedding.kind", "KIND", "Label embedding: one-hot, learned[:size] or prototype")
            .Add("--embedding-init", "noprop.embedding.init", "INIT", "Where a learned embedding begins: orthogonal, random or prototype")
            .Add("--class-probability", "noprop.class-probability.kind", "KIND", "softmax or radial")
            .Add("--network", "noprop.network.kind", "KIND", "Block network: compact or paper")
            .Add("--blocks", "noprop.blocks", "T", "Number of denoising blocks")
            .Add("--epochs", "noprop.epochs", "N", "Passes over the training images")
            .Add("--batch", "noprop.batch", "N", "Images in a mini-batch")
            .Add("--replicas", "noprop.replicas", "R", "Replicas of each block (with ct, fm, backprop and adjoint of the network), which train at the same time")
            .Add("--precision", "noprop.precision", "PRECISION", "In what convolutions and matrix products are made: float32, tf32 (GPU) or bf16")
            .Add("--learning-rate", "noprop.optimizer.learning-rate", "RATE", "AdamW's learning rate")
            .AddPolicies()
            .Add("--policy-assemblies", "noprop.policy.assemblies", "FILES", "Files (.dll) with policies of your own, separated by commas")
            .Add("--slots", "noprop.slots", "N", "Blocks trained at once")
            .AddDevices()
            .Add("--stack", "noprop.stack", "WHETHER", "Train the blocks on a device together: auto, on or off")
            .Add("--seed", "noprop.seed", "N", "Seed of every random number of the run")
            .Add("--out", "noprop.run.out", "RUN", "Run folder; without it runs/<data>-<time>. On a cluster the run's name")
            .AddClusterClient();
        Option<bool> resume = new("--resume") { Description = "Continue the run in --out, or the newest unfinished one in runs/" };
        Option<bool> plain = new("--plain") { Description = "Plain lines instead of a live table" };
        Option<string> control = new("--control")
        {
            Description = "Let `noprop policy` and others steer the run over this loopback address too; without it over a socket that run folders name",
            HelpName = "HOST:PORT",
        };
        Option<int?> dashboard = new("--dashboard")
        {
            Description = "Show the run on a page at this port of 127.0.0.1, for as long as it trains; 0 for any that is free [default of the port: 5080]",
            HelpName = "PORT",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> faults = new("--faults")
        {
            Description = "Train on a small cluster of processes on this machine, and let it suffer the faults in this file; see docs/faults.md",
            HelpName = "FILE",
        };
        Option<bool> helpSettings = new("--help-settings") { Description = "List every setting with its default and meaning" };
        Command command = new("train", "Train a network; progress is shown live, and everything is kept in a run folder") { resume, plain, control, dashboard, faults, helpSettings };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(helpSettings))
            {
                SettingsHelp.Write(Terminal.Out);
                return CommandLine.Success;
            }

            bool elsewhere = parsed.GetValue(faults) is not null || settings.Changes(parsed, path => path.StartsWith("noprop.cluster.join", StringComparison.Ordinal)).Any();
            await using IAsyncDisposable? torch = elsewhere ? null : TorchRuntime.LoadAhead();
            string? machine = settings.DevicesAsked(parsed);
            bool shown = parsed.GetResult(dashboard) is { Implicit: false };
            if (parsed.GetValue(faults) is { } file)
            {
                LoadedSettings suffering = settings.Load(parsed);
                string? other = suffering.Settings.Cluster.Join.Count > 0 ? "--join" : parsed.GetValue(resume) ? "--resume" : parsed.GetValue(control) is not null ? "--control" : shown ? "--dashboard" : machine;
                return other is null
                    ? await FaultTraining.RunAsync(suffering, file, plain: parsed.GetValue(plain) || !Terminal.IsLive)
                    : throw new SettingsException($"--faults starts a cluster of its own for a new run: leave {other} out");
            }

            if (settings.Load(parsed) is { Settings.Cluster.Join.Count: > 0 } submitted)
            {
                if (shown)
                {
                    throw new SettingsException("--dashboard shows a run that this process trains: for one of a cluster use noprop serve --join");
                }

                if (machine is not null)
                {
                    throw new SettingsException($"{machine} says what a machine has: give it to `noprop node` there; a run on a cluster is trained on the devices of its workers");
                }

                IEnumerable<string> changes = settings.Changes(parsed, path => !path.StartsWith("noprop.cluster.", StringComparison.Ordinal) && !path.StartsWith("noprop.run.", StringComparison.Ordinal));
                return await ClusterTraining.RunAsync(submitted, parsed.GetValue(resume) ? changes : null, plain: parsed.GetValue(plain) || !Terminal.IsLive);
            }

            int? port = !shown ? null : parsed.GetValue(dashboard) switch
            {
                null => DashboardPort,
                < 0 or > 65_535 => throw new SettingsException($"--dashboard {parsed.GetValue(dashboard)}: must be a port from 0 to 65535"),
                int given => given,
            };
            IPEndPoint? address = parsed.GetValue(control) is { } text ? ControlAddress.Parse(text) : null;
            using OpenRun run = parsed.GetValue(resume)
                ? OpenRun.Resume(settings.Load(parsed).Settings.Run.Out, basis => settings.Load(parsed, basis).OnDevicesOfThisMachine())
                : OpenRun.Begin(settings.Load(parsed).OnDevicesOfThisMachine());
            return await TrainAsync(run, address, port, plain: parsed.GetValue(plain) || !Terminal.IsLive);
        });
        return command;
    }

    private static async Task<int> TrainAsync(OpenRun run, IPEndPoint? address, int? dashboard, bool plain)
    {
        RunPlan plan = run.Plan;
        NoPropSettings settings = plan.Settings;
        Terminal.Out.MarkupLineInterpolated($"[bold]{plan.Folder!.Path}[/]: {run.Summary()}");
        foreach (string note in run.Notes)
        {
            Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] {note}");
        }

        if (run.IsComplete)
        {
            Terminal.Out.WriteLine($"This run is complete after {settings.Epochs} epochs; give a larger --epochs to train on.");
            return CommandLine.Success;
        }

        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            await using Dashboard? page = dashboard is { } port ? await Dashboard.StartAsync(plan, port) : null;
            if (page is not null)
            {
                Terminal.Out.WriteLine(page.Address.ToString().TrimEnd('/'));
            }

            TrainingProgress progress = new(plan.Trained.Blocks, plan.Replicas);
            await using ControlSession steering = new(plan.Folder, progress, address);
            Task curves = Task.CompletedTask;
            Task<RunEnded> training = TrainingRun.RunAsync(
                plan,
                runEvent =>
                {
                    progress.Observe(runEvent);
                    if (runEvent is RunEnded { Outcome: not RunOutcome.Failed })
                    {
                        // While the actors stop.
                        curves = Task.Run(() => Curves.Write(plan.Folder));
                    }
                },
                steering.Begin,
                stop.Token);
            await (plain ? PlainView.FollowAsync(Terminal.Out, progress, training) : LiveView.FollowAsync(Terminal.Out, progress, training, stop.Token));
            RunEnded ended = await training;
            await curves;
            // A run that fails says why, once; what kept others from steering it is part of that.
            if (steering.Problem is { } problem && ended.Outcome != RunOutcome.Failed)
            {
                Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] this run could not be steered while it trained: {problem}");
            }

            return Conclude(plan.Folder, ended);
        }
    }

    private static int Conclude(RunFolder folder, RunEnded ended)
    {
        RunFigures figures = ended.Figures;
        string work = string.Create(CultureInfo.InvariantCulture, $"{figures.Epochs} epochs, {figures.BlockSteps} block steps in {figures.WallTime.TotalSeconds:0.0} s, {figures.BlockStepsPerSecond:0.0} a second, balanced progress {figures.BalancedProgress:0.00}; {ProgressText.Slots(figures.Slots)}");
        return Conclusion.Write(ended, work, $"evaluate it with: noprop evaluate {folder.Path} --per-block", $"go on with: noprop train --out {folder.Path} --resume");
    }
}
