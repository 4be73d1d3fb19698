using System.Collections.Immutable;
using NoProp.Actors.Faults;
using NoProp.Actors.Protocol;

namespace NoProp.Host.Faults;

/// <summary>A fault that was injected, and whether what it struck is at work again.</summary>
/// <param name="planned">The fault.</param>
/// <param name="step">Committed block steps when it came.</param>
/// <param name="at">When it came.</param>
/// <param name="executed">Steps that were executed until then.</param>
internal sealed class FaultOutage(PlannedFault planned, long step, TimeSpan at, long executed)
{
    // A killed process that held nothing as far as anybody knew may have been given a lease just then: by now its end would have been noticed.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromSeconds(10);

    // Blocks that the nodes held, and whether the lease was taken back.
    private readonly Dictionary<int, bool> blocks = [];
    private bool struck;
    private bool begun;

    /// <summary>The fault.</summary>
    public PlannedFault Planned => planned;

    /// <summary>Committed block steps when it came.</summary>
    public long Step => step;

    /// <summary>When it came.</summary>
    public TimeSpan At => at;

    /// <summary>Steps that were executed until then.</summary>
    public long Executed => executed;

    /// <summary>What it was done to.</summary>
    public ImmutableArray<NodeProcess> Nodes { get; init; } = [];

    /// <summary>Their names, which leases bear.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Time until the first lease was taken back for it; null where none was.</summary>
    public TimeSpan? Noticed { get; private set; }

    /// <summary>Time until what it struck was at work again; null where nothing was, or it never was.</summary>
    public TimeSpan? Recovered { get; private set; }

    /// <summary>Whether there is nothing to wait for any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether the nodes are to come to themselves: their own commits count as work.</summary>
    public bool IsLifted { get; set; }

    /// <summary>What else is to be said of it.</summary>
    public string? Note { get; set; }

    /// <summary>Steps that were committed and had to be made again.</summary>
    public long RolledBack { get; set; }

    private bool StrikesTrainer => planned.Fault.Kind == FaultKind.Disk || (planned.Fault.Kind != FaultKind.Head && Names.Any(name => !name.StartsWith("worker-", StringComparison.Ordinal)));

    /// <summary>Blocks that were held by what is struck.</summary>
    public void Holds(IEnumerable<BlockStatus> status)
    {
        foreach ((BlockStatus block, int index) in status.Select((block, index) => (block, index)))
        {
            if (block.Worker is { } worker && Strikes(worker))
            {
                blocks.TryAdd(index, false);
            }
        }
    }

    /// <summary>What became of blocks since.</summary>
    public void Observe(RunEvent runEvent, TimeSpan now)
    {
        switch (runEvent)
        {
            case LeaseRevoked revoked when !IsOver && Strikes(revoked.Lease.Worker):
                blocks[revoked.Lease.Block.Index] = true;
                Noticed ??= now - at;
                struck = true;
                break;
            case RunStarted when StrikesTrainer:
                begun = true;
                break;
            case Restarted { What: "head" } when planned.Fault.Kind == FaultKind.Head:
                begun = true;
                break;
            case HeadTrained when begun && planned.Fault.Kind == FaultKind.Head:
            case StepsTrained when begun && StrikesTrainer:
                Close(now);
                break;
            case StepsTrained trained when planned.Fault.Kind == FaultKind.Join && Strikes(trained.Worker):
                Close(now);
                break;
            case StepsTrained trained when blocks.TryGetValue(trained.Block.Index, out bool lost) && (lost || !Strikes(trained.Worker) || ComesBack):
                struck |= lost || ComesBack;
                Done(trained.Block.Index, now);
                break;
        }
    }

    /// <summary>Who has which block since: an answer to a question asked after the last event that was told.</summary>
    public void Observe(ImmutableArray<BlockStatus> status, TimeSpan now)
    {
        foreach ((int index, bool lost) in blocks.ToArray())
        {
            BlockStatus? block = index < status.Length ? status[index] : null;
            if (lost ? block?.Worker is not null : block is not null && (block.Worker is null || !Strikes(block.Worker)))
            {
                Done(index, now);
            }
        }

        if (blocks.Count == 0 && IsLifted && !IsOver && Waits && (ComesBack || now - at > Unnoticed))
        {
            Close(null);
        }
    }

    /// <summary>It is over.</summary>
    /// <param name="now">When; null where nothing was struck by it.</param>
    public void Close(TimeSpan? now)
    {
        if (!IsOver)
        {
            (Recovered, IsOver) = (now - at, true);
        }
    }

    // Whether blocks are waited for, or something else.
    private bool Waits => !StrikesTrainer && planned.Fault.Kind is FaultKind.Kill or FaultKind.Stop or FaultKind.Slow or FaultKind.Partition;

    // A killed process does not; what it had sent before may still arrive.
    private bool ComesBack => IsLifted && planned.Fault.Kind != FaultKind.Kill;

    private void Done(int index, TimeSpan now)
    {
        blocks.Remove(index);
        if (blocks.Count == 0 && struck && Waits)
        {
            Close(now);
        }
    }

    private bool Strikes(string worker) => Names.Contains(worker);
}
