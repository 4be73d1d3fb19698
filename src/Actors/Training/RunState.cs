using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>What a run is to reach, and by which rules.</summary>
/// <param name="Blocks">Number of blocks T.</param>
/// <param name="StepsPerEpoch">Mini-batches in one pass over the data.</param>
/// <param name="Epochs">Passes over the data.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Policies">One policy for each thing that blocks share.</param>
/// <param name="LeaseTimeout">How long a lease may go without a sign of life.</param>
public sealed record RunGoal(int Blocks, int StepsPerEpoch, int Epochs, ulong Seed, PolicySet Policies, TimeSpan LeaseTimeout)
{
    /// <summary>Where policies that are chosen during the run are found by name.</summary>
    public PolicyCatalog Catalog { get; init; } = PolicyCatalog.BuiltIn;

    /// <summary>Whether blocks read what the head owns, and move it.</summary>
    public bool Coupled { get; init; }

    /// <summary>Whether each step must find the shared parameters exactly as the step before left them.</summary>
    public bool Sequential => Coupled && Policies.Blocks.IsSequential;

    /// <summary>Steps that each block makes.</summary>
    public long Target => (long)StepsPerEpoch * Epochs;
}

/// <summary>One block as the trainer sees it.</summary>
/// <param name="Clock">Committed steps.</param>
/// <param name="Epoch">Epoch of the newest lease.</param>
/// <param name="Lease">The lease, while somebody trains the block.</param>
/// <param name="Expires">When that lease ends without a sign of life, on the run's clock.</param>
public sealed record BlockProgress(long Clock, LeaseEpoch Epoch = default, Lease? Lease = null, TimeSpan Expires = default);

/// <summary>A worker as the trainer sees it.</summary>
/// <param name="Slots">Blocks that it trains at once.</param>
/// <param name="Held">Blocks whose newest state it has.</param>
public sealed record WorkerProgress(int Slots, ImmutableHashSet<BlockId> Held);

/// <summary>Where a run is in its life.</summary>
public enum RunPhase
{
    /// <summary>Leases are granted.</summary>
    Running,

    /// <summary>No more leases until all that was done under the present policies has had its effect; then other policies hold.</summary>
    Fencing,

    /// <summary>No more leases; those that are out are awaited.</summary>
    Stopping,

    /// <summary>Nothing runs any more.</summary>
    Ended,
}

/// <summary>All that the trainer knows, immutable. <see cref="RunLogic"/> says how it changes.</summary>
public sealed record RunState(
    RunGoal Goal,
    ImmutableArray<BlockProgress> Blocks,
    ImmutableSortedDictionary<string, WorkerProgress> Workers,
    long HeadClock,
    long Grants,
    long RefusedCommits,
    RunPhase Phase)
{
    /// <summary>Switches of policies so far.</summary>
    public long Fence { get; init; }

    /// <summary>The policies that will hold after the fence; null where there is none ahead.</summary>
    public PolicySet? NextPolicies { get; init; }

    /// <summary>A run at its beginning, or at the clocks of a checkpoint.</summary>
    public static RunState Begin(RunGoal goal, IReadOnlyList<long>? clocks = null, long headClock = 0, long grants = 0) => new(
        goal,
        [.. Enumerable.Range(0, goal.Blocks).Select(i => new BlockProgress(clocks?[i] ?? 0))],
        ImmutableSortedDictionary.Create<string, WorkerProgress>(StringComparer.Ordinal),
        headClock,
        grants,
        0,
        RunPhase.Running);

    /// <summary>Steps of all blocks together.</summary>
    public long TotalSteps => Blocks.Sum(block => block.Clock);

    /// <summary>The clock of the least advanced block.</summary>
    public long MinClock => Blocks.Min(block => block.Clock);

    /// <summary>Epochs that every block has finished.</summary>
    public int EpochsDone => (int)(MinClock / Goal.StepsPerEpoch);

    /// <summary>Whether every block, and the head with them, has reached the goal.</summary>
    public bool Complete => MinClock >= Goal.Target && HeadClock >= TotalSteps;

    /// <summary>Leases that are out.</summary>
    public IEnumerable<Lease> Leases => Blocks.Where(block => block.Lease is not null).Select(block => block.Lease!);

    /// <summary>What a policy may see.</summary>
    public PolicyView View => new(
        [.. Blocks.Select(block => block.Clock)],
        [.. Blocks.Select(block => block.Lease is not null)],
        Goal.StepsPerEpoch,
        Goal.Target,
        Grants,
        Goal.Seed);

    internal RunState With(BlockId block, BlockProgress progress) => this with { Blocks = Blocks.SetItem(block.Index, progress) };
}
