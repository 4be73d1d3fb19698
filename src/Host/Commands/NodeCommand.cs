using System.CommandLine;
using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Cluster;
using NoProp.Host.Faults;
using NoProp.Models;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop node</c>.</summary>
internal static class NodeCommand
{
    private static readonly TimeSpan BeforeRejoining = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        SettingsOptions settings = new SettingsOptions()
            .Add("--role", "noprop.cluster.roles", "ROLES", "What the node does: trainer, worker, gateway, voter, or several with commas")
            .AddClusterClient()
            .Add("--host", "noprop.cluster.host", "HOST", "Address to listen at")
            .Add("--port", "noprop.cluster.port", "PORT", "Port to listen at; 0 for any that is free")
            .Add("--public-host", "noprop.cluster.public-host", "HOST", "Address under which other nodes reach it, if another one")
            .Add("--slots", "noprop.slots", "N", "Blocks that it trains at once")
            .AddDevices()
            .Add("--base-time", "noprop.cluster.base-time", "TIME", "The time that every time-out of the cluster follows from; the same on all nodes")
            .Add("--data", "noprop.cluster.data", "PLACE", "Where the worker gets its images: local, or remote for the trainer's node")
            .Add("--data-dir", "noprop.data.dir", "FOLDER", "Where this node has the data sets; without it where the run says, or the usual places");
        Option<string> runs = new("--runs") { Description = "Folder of runs; the same for all trainers, on a disk that they share", DefaultValueFactory = _ => "runs", HelpName = "FOLDER" };
        Option<string?> name = new("--name") { Description = "Name of the worker in leases and metrics [default: its address]", HelpName = "NAME" };
        Option<string?> allowFaults = new("--allow-faults") { Description = "Suffer the faults of whoever knows this key, and end with standard input: `noprop train --faults` starts its nodes so", HelpName = "KEY", Hidden = true };
        Option<bool> allowCuts = new("--allow-cuts") { Description = "Be ready to be cut off from other nodes; all nodes of the cluster must be", Hidden = true };
        Option<string?> countSteps = new("--count-steps") { Description = "Count the steps made in this file of 8 bytes", HelpName = "FILE", Hidden = true };
        Option<string?> sleepSteps = new("--sleep-steps") { Description = "Sleep for so long in each step instead of computing; all nodes of the cluster must", HelpName = "TIME", Hidden = true };
        Command command = new(
            "node",
            "Be a node of a cluster: a trainer holds the run, workers train its blocks. Begin with `noprop node --role trainer,worker --port 4053`, add workers with "
            + "`noprop node --role worker --join HOST:4053`, and train with `noprop train --join HOST:4053`")
        {
            runs, name, allowFaults, allowCuts, countSteps, sleepSteps,
        };
        settings.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            await using IAsyncDisposable torch = TorchRuntime.LoadAhead();
            LoadedSettings loaded = settings.Load(parsed).OnDevicesOfThisMachine();
            IRunStore store = new ClusterRuns(parsed.GetValue(runs)!, loaded.Settings.Data.Directory, loaded.Settings.Devices, loaded.Settings.Cluster.PolicyAssemblies);
            if (parsed.GetValue(sleepSteps) is { } sleep)
            {
                store = new SleepingRuns(store, SettingsDuration.TryParse(sleep, out TimeSpan time) ? time : throw new SettingsException($"--sleep-steps {sleep}: must be a time, as in 50ms"));
            }

            using StepCounter? counter = parsed.GetValue(countSteps) is { } file ? StepCounter.Create(file) : null;
            FaultyNode? faulty = parsed.GetValue(allowFaults) is { } key ? new(key) : null;
            return await RunAsync(faulty is null ? loaded : FaultyNode.Allow(loaded, parsed.GetValue(allowCuts)), counter is null ? store : new CountingRuns(store, counter), parsed.GetValue(name), faulty);
        });
        return command;
    }

    private static async Task<int> RunAsync(LoadedSettings loaded, IRunStore store, string? name, FaultyNode? faulty)
    {
        ClusterSettings cluster = loaded.Settings.Cluster;
        TorchRuntime.Load();
        foreach (string line in cluster.Times.Describe())
        {
            Terminal.Out.WriteLine(line);
        }

        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            for (bool again = false; ; again = true)
            {
                NodeEnd end;
                try
                {
                    end = await LiveAsync(again ? cluster.Again() : cluster, loaded, store, name, faulty, stop.Token);
                }
                catch (NoPropException e) when (again && !stop.IsCancellationRequested)
                {
                    // It was in before: who it joined may be away for a while.
                    end = new(NodeEndKind.Downed, e.Message);
                }

                Terminal.Out.WriteLine(end.Reason);
                if (stop.IsCancellationRequested || end.Kind == NodeEndKind.Left)
                {
                    return CommandLine.Success;
                }

                // Refused: a handshake failed after it was in. Mostly the other end stopped in the middle of one.
                if (end.Kind is not (NodeEndKind.Downed or NodeEndKind.Refused) || cluster.Join.Count == 0)
                {
                    throw new NoPropException(end.Reason);
                }

                await Task.WhenAny(Task.Delay(BeforeRejoining, stop.Token));
            }
        }
    }

    private static async Task<NodeEnd> LiveAsync(
        ClusterSettings cluster, LoadedSettings loaded, IRunStore store, string? name, FaultyNode? faulty, CancellationToken stop)
    {
        ClusterNode node = await ClusterNode.StartAsync(cluster, loaded.Config, faulty is null ? null : faulty.Apply, stop);
        Terminal.Out.WriteLine($"{node.Address} is a node of the cluster '{cluster.Name}' as {string.Join(", ", cluster.Roles.Select(ClusterConfig.RoleName))}; others join it with --join {node.Address}");
        IActorRef manager = ClusterHosting.Manager(node.System);
        if (cluster.Roles.Contains(NodeRole.Trainer))
        {
            ClusterHosting.StartManager(node.System, cluster, store);
        }

        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef? worker = null;
        if (cluster.Roles.Contains(NodeRole.Worker))
        {
            string own = name ?? ClusterHosting.WorkerName(node.Address);
            worker = ClusterHosting.StartWorker(node.System, cluster, manager, own, loaded.Settings.DeviceSlots, store, () => asked.TrySetResult());
            Terminal.Out.WriteLine($"worker {own} offers {loaded.Settings.SlotCount} slots on {loaded.Settings.DeviceSlots}");
        }

        await using CancellationTokenRegistration registration = stop.Register(() =>
        {
            if (worker is null)
            {
                asked.TrySetResult();
            }
            else
            {
                worker.Tell(new DrainWorker(""));
                _ = Task.Delay(cluster.Times.LeaveTimeout, CancellationToken.None).ContinueWith(_ => asked.TrySetResult(), TaskScheduler.Default);
            }
        });
        if (await Task.WhenAny(asked.Task, node.Ended) == node.Ended)
        {
            return await node.Ended;
        }

        return await node.LeaveAsync();
    }
}
