using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NoProp.Actors.Cluster;
using NoProp.Actors.Faults;
using NoProp.Host.Cluster;

namespace NoProp.Host.Faults;

/// <summary>The processes of a small cluster on this machine, by name.</summary>
internal sealed class FaultCluster : IDisposable
{
    private readonly FaultPlan plan;
    private readonly string folder;
    private readonly string runs;
    private readonly string settings;
    private readonly List<NodeProcess> processes = [];
    private readonly Lock gate = new();
    private bool disposed;

    /// <summary>A cluster of no nodes.</summary>
    /// <param name="plan">How many there are to be.</param>
    /// <param name="folder">For logs and counts.</param>
    /// <param name="runs">The trainers' folder of runs.</param>
    /// <param name="settings">File with the settings of all nodes.</param>
    /// <param name="key">Key of those who may inject faults.</param>
    public FaultCluster(FaultPlan plan, string folder, string runs, string settings, string key)
    {
        (this.plan, this.folder, this.runs, this.settings, Key) = (plan, folder, runs, settings, key);
        TcpListener[] ports = [.. Enumerable.Range(0, plan.Trainers).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(ports, port => port.Start());
        Trainers = [.. ports.Select(port => new NodeAddress("127.0.0.1", ((IPEndPoint)port.LocalEndpoint).Port))];
        Array.ForEach(ports, port => port.Dispose());
    }

    /// <summary>Key of those who may inject faults.</summary>
    public string Key { get; }

    /// <summary>Where the trainers' nodes listen, whatever process it is.</summary>
    public IReadOnlyList<NodeAddress> Trainers { get; }

    /// <summary>Every process that there was, the oldest first.</summary>
    public IReadOnlyList<NodeProcess> Processes
    {
        get
        {
            lock (gate)
            {
                return [.. processes];
            }
        }
    }

    /// <summary>Starts all nodes of the beginning, and waits until they are in the cluster.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await Start(FaultPlan.TrainerName(1)).Joined.WaitAsync(cancellation);
        IEnumerable<string> others = Enumerable.Range(2, plan.Trainers - 1).Select(FaultPlan.TrainerName).Concat(Enumerable.Range(1, plan.Workers).Select(FaultPlan.WorkerName));
        await Task.WhenAll([.. others.Select(name => Start(name).Joined)]).WaitAsync(cancellation);
    }

    /// <summary>Starts a node, which is new or was there before.</summary>
    public NodeProcess Start(string name)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            int generation = processes.Count(process => process.Name == name) + 1;
            int trainer = Enumerable.Range(1, plan.Trainers).FirstOrDefault(n => FaultPlan.TrainerName(n) == name);
            // The first node begins the cluster. When it comes again, it first asks the others: whose own address stands first begins a new one only where nobody answers.
            string[] join = trainer == 1 && generation == 1 ? [] : ["--join", string.Join(',', Trainers)];
            string[] part = trainer > 0
                ? ["--role", "trainer", "--port", Trainers[trainer - 1].Port.ToString(CultureInfo.InvariantCulture), "--runs", runs]
                : ["--role", "worker", "--name", name, "--slots", plan.Slots.ToString(CultureInfo.InvariantCulture)];
            string[] sleep = plan.Sleep is { } time ? ["--sleep-steps", string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds}ms")] : [];
            NodeProcess process = new(name, generation, folder, ["--config", settings, "--allow-faults", Key, .. plan.Cuts ? (string[])["--allow-cuts"] : [], .. sleep, .. part, .. join]);
            processes.Add(process);
            return process;
        }
    }

    /// <summary>The process of a name that is there and is to stay; null for none.</summary>
    public NodeProcess? Find(string name) => Processes.LastOrDefault(process => process.Name == name && process is { IsAlive: true, IsLeaving: false });

    /// <summary>Steps that all processes together have made.</summary>
    public long Executed() => Processes.Sum(process => StepCounter.Read(process.CountFile));

    /// <summary>Says why, when the last of the trainers' nodes has ended of itself and nobody starts one again.</summary>
    /// <param name="restarting">Whether somebody does.</param>
    /// <param name="cancellation">Ends the watch.</param>
    public async Task<string> TrainersGoneAsync(Func<bool> restarting, CancellationToken cancellation)
    {
        while (Processes.Any(process => !IsWorker(process) && process.IsAlive) || restarting())
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }

        NodeProcess last = Processes.Last(process => !IsWorker(process));
        return $"no node is left for the trainer: {last.Name} has ended; what it said is in {last.Log}";
    }

    /// <summary>Ends all of them.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            // A restart that is due later finds that there is nothing to come back to.
            disposed = true;
        }

        foreach (NodeProcess process in Processes)
        {
            process.Dispose();
        }

        // Nobody trains there any more.
        File.Delete(Path.Combine(runs, ClusterRuns.MarkName));
    }

    private static bool IsWorker(NodeProcess process) => process.Name.StartsWith("worker-", StringComparison.Ordinal);
}
