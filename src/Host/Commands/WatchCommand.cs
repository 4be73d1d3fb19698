using System.CommandLine;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Host.Cluster;
using NoProp.Host.Serving;
using NoProp.Host.Views;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop watch</c>.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        Argument<string?> run = new("run") { Description = "Run folder, of a run that is finished or in training", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> once = new("--once") { Description = "Show the present state and end; so it is, too, where standard output is no terminal" };
        SettingsOptions settings = new SettingsOptions().AddClusterClient();
        Command command = new("watch", "Watch a run in the terminal: its blocks, accuracy, staleness, policies and faults, here or on a cluster") { run, once };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                bool single = parsed.GetValue(once) || !Terminal.IsLive;
                LoadedSettings loaded = settings.Load(parsed);
                bool joins = loaded.Settings.Cluster.Join.Count > 0;
                if (parsed.GetValue(run) is { } path)
                {
                    if (joins)
                    {
                        throw new SettingsException("name a run folder or a cluster, not both");
                    }

                    using RunFolder folder = RunFolder.Read(path);
                    WatchedRun watched = new(SettingsLoader.Load(SettingsOptions.Read(folder.Settings)).Settings.Training.Blocks);
                    await WatchAsync(watched, new MetricsTail(folder.Metrics).ReadAsync(null, stop.Token), single, stop.Token);
                    return CommandLine.Success;
                }

                if (!joins)
                {
                    throw new SettingsException("name a run folder, or with --join HOST:PORT a node of a cluster that trains a run");
                }

                await WatchClusterAsync(loaded, single, stop.Token);
                return CommandLine.Success;
            }
        });
        return command;
    }

    private static async Task WatchClusterAsync(LoadedSettings loaded, bool single, CancellationToken stop)
    {
        await using ClusterClient client = await ClusterClient.JoinAsync(loaded, stop);
        TrainingStatus status = (TrainingStatus)await client.AskAsync(new GetTrainingStatus(), "what it trains", Patience);
        string name = status.Named(null);
        EventRecords records = new();
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<RunEnded> following = client.FollowAsync(name, records.Add, over.Token);
        try
        {
            await WatchAsync(new WatchedRun(status.Blocks.Length), records.ReadAsync(null, over.Token), single, stop, untilBegun: following);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAny(following);
        }
    }

    /// <summary>Takes records in and shows them, until the run has ended, somebody stops it, or once.</summary>
    private static async Task WatchAsync(WatchedRun run, IAsyncEnumerable<MetricsRecord?> records, bool single, CancellationToken stop, Task<RunEnded>? untilBegun = null)
    {
        if (single)
        {
            await TakeAsync(run, records, () => run.Target is not null || untilBegun is null or { IsCompleted: true }, _ => { }, stop);
            Terminal.Out.Write(WatchView.Render(run, DateTime.UtcNow, footer: ""));
            return;
        }

        const string Footer = "Ctrl-C ends the watching, not the run";
        await Terminal.Out.Live(WatchView.Render(run, DateTime.UtcNow, Footer)).StartAsync(async live =>
        {
            DateTime drawn = default;
            void Draw(bool quiet)
            {
                if (quiet || DateTime.UtcNow - drawn > Refresh)
                {
                    drawn = DateTime.UtcNow;
                    live.UpdateTarget(WatchView.Render(run, drawn, Footer));
                    live.Refresh();
                }
            }

            await TakeAsync(run, records, () => run.Outcome is not null || untilBegun is { IsCompleted: true }, Draw, stop);
            live.UpdateTarget(WatchView.Render(run, DateTime.UtcNow, footer: ""));
            live.Refresh();
        });
    }

    /// <summary>Takes records in until nothing new comes and enough is known.</summary>
    private static async Task TakeAsync(WatchedRun run, IAsyncEnumerable<MetricsRecord?> records, Func<bool> enough, Action<bool> taken, CancellationToken stop)
    {
        try
        {
            await foreach (MetricsRecord? record in records.WithCancellation(stop))
            {
                if (record is not null)
                {
                    run.Take(record);
                }

                taken(record is null);
                if (record is null && enough())
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Who watches has seen enough.
        }
    }
}
