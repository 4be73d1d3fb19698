using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Commands;
using NoProp.Host.Views;
using NoProp.Models;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Cluster;

/// <summary><c>noprop train --join</c>: gives a run to a cluster and follows it.</summary>
internal static class ClusterTraining
{
    /// <summary>Submits and follows.</summary>
    /// <param name="loaded">Settings of the run, and whom to join.</param>
    /// <param name="changes">Where a run is to go on, the settings that change; null for a new run.</param>
    /// <param name="plain">Whether progress is shown as lines.</param>
    /// <returns>The command's exit code.</returns>
    public static async Task<int> RunAsync(LoadedSettings loaded, IEnumerable<string>? changes, bool plain)
    {
        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            await using ClusterView view = new(await ClusterClient.JoinAsync(loaded, stop.Token), loaded);
            ClusterClient client = view.Client;
            // What this process is in the cluster, and what its machine has, is no part of the run.
            NoPropSettings settings = loaded.Settings with { Cluster = SettingsLoader.Load().Settings.Cluster, Run = new(null), Devices = [ComputeDevice.Cpu], SlotsPerDevice = null };
            string? name = loaded.Settings.Run.Out;
            object answer = await client.AskAsync(
                changes is null ? new SubmitRun(SettingsHocon.ToHocon(settings), name) : new ResumeRun([.. changes], name), "to train a run");
            if (answer is RunQueued queued && await ClusterTurn.AwaitAsync(client, queued, loaded.Settings.Cluster.Times.Base, stop.Token) is var turn)
            {
                if (turn is null)
                {
                    return CommandLine.Stopped;
                }

                answer = turn;
            }

            if (answer is not RunAccepted accepted)
            {
                throw new NoPropException(((RunRefused)answer).Reason);
            }

            NoPropSettings run = SettingsLoader.Load(new SettingsFile("the run's settings", accepted.Settings)).Settings;
            Terminal.Out.MarkupLineInterpolated($"[bold]{accepted.Run}[/] trains on the cluster; Ctrl-C ends this view, and the run goes on");
            foreach (string note in accepted.Notes)
            {
                Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] {note}");
            }

            return await FollowAsync(view, accepted.Run, new TrainingProgress(run.Training.Blocks * run.Training.Replicas, run.Training.Replicas), plain, stop.Token);
        }
    }

    private static async Task<int> FollowAsync(ClusterView view, string run, TrainingProgress progress, bool plain, CancellationToken stop)
    {
        Task<RunEnded> training = view.FollowAsync(run, progress.Observe, stop);
        await (plain ? PlainView.FollowAsync(Terminal.Out, progress, training) : LiveView.FollowAsync(Terminal.Out, progress, training, stop));
        if (stop.IsCancellationRequested)
        {
            Terminal.Out.WriteLine($"{run} goes on; stop it with: noprop stop --join HOST:PORT");
            return CommandLine.Stopped;
        }

        RunEnded ended = await training;
        RunFigures figures = ended.Figures;
        string work = string.Create(
            CultureInfo.InvariantCulture,
            $"{figures.Epochs} epochs, {figures.BlockSteps} block steps in {figures.WallTime.TotalSeconds:0.0} s, {figures.BlockStepsPerSecond:0.0} a second; weights {figures.WeightsSha256}");
        return Conclusion.Write(ended, work, whenDone: null, $"go on with: noprop train --join HOST:PORT --resume --out {run}");
    }
}
