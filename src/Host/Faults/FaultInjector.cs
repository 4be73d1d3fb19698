using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using NoProp.Actors.Cluster;
using NoProp.Actors.Faults;
using NoProp.Actors.Protocol;
using NoProp.Host.Cluster;
using NoProp.Models;

namespace NoProp.Host.Faults;

/// <summary>Injects faults when their time has come, and sees how the run recovers.</summary>
/// <param name="cluster">The processes.</param>
/// <param name="schedule">What is to come.</param>
/// <param name="run">The run's folder.</param>
/// <param name="say">Told what is done, for people.</param>
internal sealed class FaultInjector(FaultCluster cluster, ImmutableArray<PlannedFault> schedule, string run, Action<string> say)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Channel<(RunEvent Event, TimeSpan At)> events = Channel.CreateUnbounded<(RunEvent, TimeSpan)>();
    private readonly Queue<PlannedFault> atSteps = new(schedule.Where(planned => planned.AtStep is not null));
    private readonly Queue<PlannedFault>[] storms =
        [.. schedule.Where(planned => planned.AtStep is null).GroupBy(planned => planned.Fault.Number).Select(rounds => new Queue<PlannedFault>(rounds))];
    private readonly Dictionary<int, TimeSpan> lastRound = [];
    private readonly List<FaultOutage> outages = [];
    private readonly List<(PlannedFault Planned, string Why)> skipped = [];
    private readonly Dictionary<NodeProcess, TimeSpan> coldStarts = [];
    private readonly Dictionary<NodeProcess, long> committed = [];
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int restarting;
    private TimeSpan? firstStep;
    private Task diskHealed = Task.CompletedTask;

    /// <summary>When it began to watch.</summary>
    public DateTime Begun { get; } = DateTime.UtcNow;

    /// <summary>Steps and who made them.</summary>
    public FaultLedger Ledger { get; } = new();

    /// <summary>Faults that were injected.</summary>
    public IReadOnlyList<FaultOutage> Outages => outages;

    /// <summary>Times from the start of a worker's process to its first committed step.</summary>
    public IReadOnlyDictionary<NodeProcess, TimeSpan> ColdStarts => coldStarts;

    /// <summary>Faults that found nothing to strike, and why.</summary>
    public IReadOnlyList<(PlannedFault Planned, string Why)> Skipped => skipped;

    /// <summary>Those whose time has not come.</summary>
    public IEnumerable<PlannedFault> NotReached => atSteps.Concat(storms.SelectMany(storm => storm));

    /// <summary>Steps of a process that were committed.</summary>
    public long CommittedBy(NodeProcess process) => committed.GetValueOrDefault(process);

    /// <summary>The client, which changes when the cluster falls apart.</summary>
    public ClusterClient? Client { get; set; }

    /// <summary>Completes when the trainer's files may be written again; null where they always could.</summary>
    public Task? DiskHealed => outages.Exists(outage => outage.Planned.Fault.Kind == FaultKind.Disk && !outage.IsOver) ? diskHealed : null;

    /// <summary>Whether a process that was killed is to be started again.</summary>
    public bool IsRestarting => restarting > 0;

    /// <summary>Takes an event in, on any thread.</summary>
    public void Observe(RunEvent runEvent) => events.Writer.TryWrite((runEvent, clock.Elapsed));

    /// <summary>Works until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Task<bool> more = events.Reader.WaitToReadAsync(cancellation).AsTask();
        while (!cancellation.IsCancellationRequested)
        {
            Drain();
            if (Next() is { } due)
            {
                await InjectAsync(due);
            }
            else if (outages.Exists(outage => !outage.IsOver))
            {
                if (await StatusAsync() is { } status)
                {
                    outages.ForEach(outage => outage.Observe(status, clock.Elapsed));
                }
            }

            if (await Task.WhenAny(more, Task.Delay(Pause, CancellationToken.None)) == more)
            {
                more = events.Reader.WaitToReadAsync(cancellation).AsTask();
            }
        }

        Drain();
    }

    private void Drain()
    {
        while (events.Reader.TryRead(out (RunEvent Event, TimeSpan At) next))
        {
            long before = Ledger.RolledBack;
            Ledger.Observe(next.Event);
            if (Ledger.RolledBack > before && outages.FindLast(outage => !outage.IsOver) is { } cause)
            {
                cause.RolledBack += Ledger.RolledBack - before;
            }

            outages.ForEach(outage => outage.Observe(next.Event, next.At));
            if (next.Event is StepsTrained trained)
            {
                firstStep ??= next.At;
                if (cluster.Processes.LastOrDefault(process => process.Name == trained.Worker && process.Joined.IsCompletedSuccessfully) is { } worker)
                {
                    coldStarts.TryAdd(worker, Stopwatch.GetElapsedTime(worker.Started));
                    committed[worker] = CommittedBy(worker) + trained.Steps.Count;
                }
            }
        }
    }

    private PlannedFault? Next()
    {
        if (firstStep is not { } first)
        {
            return null;
        }

        if (atSteps.TryPeek(out PlannedFault? planned) && planned.AtStep <= Ledger.Committed)
        {
            return atSteps.Dequeue();
        }

        foreach (Queue<PlannedFault> storm in storms)
        {
            if (storm.TryPeek(out PlannedFault? round)
                && clock.Elapsed - lastRound.GetValueOrDefault(round.Fault.Number, first) >= round.ColdStarts * ColdStart()
                && round.Candidates.Any(name => name == FaultPlan.Trainer || cluster.Find(name) is not null))
            {
                lastRound[round.Fault.Number] = clock.Elapsed;
                return storm.Dequeue();
            }
        }

        return null;
    }

    // Of those that were started while the run went on, where there are any: the first ones had to wait for the run to be submitted.
    private TimeSpan? ColdStart()
    {
        TimeSpan[] times = [.. coldStarts.Where(start => start.Key.Generation > 1).Select(start => start.Value).Order()];
        times = times.Length > 0 ? times : [.. coldStarts.Values.Order()];
        return times.Length > 0 ? times[times.Length / 2] : null;
    }

    private async Task InjectAsync(PlannedFault planned)
    {
        ImmutableArray<BlockStatus>? status = await StatusAsync();
        string[] names = [.. planned.Candidates.Select(name => name == FaultPlan.Trainer ? TrainerName() : name)];
        if (planned.Fault.Kind is FaultKind.Head or FaultKind.Disk)
        {
            names = [TrainerName()];
        }

        NodeProcess[] found = [.. names.Select(cluster.Find).OfType<NodeProcess>()];
        NodeProcess[] nodes = planned.StrikesAll ? found : [.. found.Take(1)];
        string? why = planned.Fault.Kind switch
        {
            FaultKind.Join => found.Length > 0 ? $"{names[0]} is there already" : null,
            FaultKind.Corrupt => CheckpointDamage.Newest(run) is null ? "there is no checkpoint yet" : null,
            _ => nodes.Length == 0 ? $"{string.Join(", ", names)} is not there" : null,
        };
        if (why is not null)
        {
            skipped.Add((planned, why));
            say($"fault {planned.Fault.Number} ({planned.Fault}) is left out: {why}");
            return;
        }

        nodes = planned.Fault.Kind switch { FaultKind.Join => [cluster.Start(names[0])], FaultKind.Corrupt => [], _ => nodes };
        FaultOutage outage = new(planned, Ledger.Committed, clock.Elapsed, cluster.Executed()) { Nodes = [.. nodes], Names = [.. nodes.Select(node => node.Name)] };
        outage.Holds(status ?? []);
        outages.Add(outage);
        say($"fault {planned.Fault.Number} after {outage.Step} block steps: {planned.Fault}{(nodes.Length > 0 && !planned.Fault.Targets.SequenceEqual(nodes.Select(node => node.Name)) ? $" ({string.Join(", ", nodes.Select(node => node.Name))})" : "")}");
        try
        {
            await ActAsync(outage);
        }
        catch (Exception e) when (e is NoPropException or System.ComponentModel.Win32Exception or IOException)
        {
            outage.Note = e.Message;
            outage.Close(null);
        }
    }

    private async Task ActAsync(FaultOutage outage)
    {
        Fault fault = outage.Planned.Fault;
        TimeSpan length = fault.For ?? TimeSpan.Zero;
        switch (fault.Kind)
        {
            case FaultKind.Kill:
                Interlocked.Increment(ref restarting);
                outage.Nodes[0].Kill();
                if (fault.Restart is { } pause)
                {
                    _ = Later(outage, pause, async () =>
                    {
                        NodeProcess next = cluster.Start(outage.Nodes[0].Name);
                        Interlocked.Decrement(ref restarting);
                        await next.Joined;
                        outage.IsLifted = true;
                    });
                }
                else
                {
                    Interlocked.Decrement(ref restarting);
                    outage.IsLifted = true;
                }

                break;
            case FaultKind.Stop:
                outage.Nodes[0].Signal(Signals.Stop);
                _ = Later(outage, length, () => Lift(outage));
                break;
            case FaultKind.Slow:
                _ = Later(outage, TimeSpan.Zero, () => SlowAsync(outage, length, fault.Factor));
                break;
            case FaultKind.Leave:
                outage.Nodes[0].IsLeaving = true;
                outage.Nodes[0].Signal(Signals.Terminate);
                _ = Later(outage, TimeSpan.Zero, async () =>
                {
                    await outage.Nodes[0].Ended;
                    outage.Close(clock.Elapsed);
                });
                break;
            case FaultKind.Partition:
                foreach (NodeProcess node in outage.Nodes)
                {
                    await TellAsync(node, new InjectFault(cluster.Key, NodeFault.CutOff, [.. cluster.Trainers.Select(trainer => trainer.ToString())], length));
                }

                _ = Later(outage, length, () => Lift(outage));
                break;
            case FaultKind.Head:
                await TellAsync(outage.Nodes[0], new InjectFault(cluster.Key, NodeFault.HeadFails, [], TimeSpan.Zero));
                break;
            case FaultKind.Disk:
                outage.Nodes[0].Signal(process => Signals.LimitFiles(process, full: true));
                diskHealed = Later(outage, length, () => outage.Nodes[0].Signal(process => Signals.LimitFiles(process, full: false)));
                break;
            case FaultKind.Corrupt:
                outage.Note = $"changed a byte of {CheckpointDamage.Do(run)}";
                outage.Close(null);
                break;
        }
    }

    private async Task TellAsync(NodeProcess node, InjectFault fault)
    {
        NodeAddress address = node.Address ?? throw new NoPropException($"{node.Name} is not yet a node of the cluster");
        await (Client ?? throw new NoPropException("the cluster cannot be reached")).InjectAsync(address, fault, Patience);
    }

    private static void Lift(FaultOutage outage)
    {
        foreach (NodeProcess node in outage.Nodes)
        {
            node.Signal(Signals.Continue);
        }

        outage.IsLifted = true;
    }

    // Stopped for a part of each fifth of a second: well below every time-out.
    private static async Task SlowAsync(FaultOutage outage, TimeSpan length, double factor)
    {
        TimeSpan period = TimeSpan.FromMilliseconds(200);
        long begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < length && outage.Nodes[0].IsAlive)
        {
            outage.Nodes[0].Signal(Signals.Stop);
            await Task.Delay(period * (1 - (1 / factor)));
            outage.Nodes[0].Signal(Signals.Continue);
            await Task.Delay(period / factor);
        }

        Lift(outage);
    }

    private static Task Later(FaultOutage outage, TimeSpan after, Action action) => Later(outage, after, () =>
    {
        action();
        return Task.CompletedTask;
    });

    private static async Task Later(FaultOutage outage, TimeSpan after, Func<Task> action)
    {
        try
        {
            await Task.Delay(after);
            await action();
        }
        catch (Exception e) when (e is NoPropException or System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            outage.Note = e.Message;
            outage.Close(null);
        }
    }

    private string TrainerName()
    {
        NodeAddress? trainer = Client?.Trainer;
        int index = trainer is { } address ? cluster.Trainers.ToList().FindIndex(known => known.Port == address.Port) : -1;
        return FaultPlan.TrainerName(Math.Max(0, index) + 1);
    }

    private async Task<ImmutableArray<BlockStatus>?> StatusAsync()
    {
        try
        {
            return Client is { } client && await client.AskAsync(new GetTrainingStatus(), "who does what", TimeSpan.FromMilliseconds(500)) is TrainingStatus { Run: not null } status
                ? status.Blocks
                : null;
        }
        catch (Exception e) when (e is NoPropException or OperationCanceledException)
        {
            // There may be no trainer now.
            return null;
        }
    }
}
