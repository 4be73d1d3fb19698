using System.Collections.Immutable;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>Steps [From, To) of a block.</summary>
public readonly record struct StepRange(long From, long To)
{
    /// <summary>Number of steps.</summary>
    public long Count => To - From;

    /// <inheritdoc/>
    public override string ToString() => $"steps {From}..{To}";
}

/// <summary>What a policy sees of a run.</summary>
/// <param name="Clocks">Committed steps of each block, by <see cref="BlockId.Index"/>.</param>
/// <param name="Leased">Whether a block is being trained now.</param>
/// <param name="StepsPerEpoch">Mini-batches in one pass over the data.</param>
/// <param name="Target">Steps that each block makes in the whole run.</param>
/// <param name="Grants">Leases granted so far: the address of a policy's random choice.</param>
/// <param name="Seed">Seed of the run.</param>
public sealed record PolicyView(
    ImmutableArray<long> Clocks,
    ImmutableArray<bool> Leased,
    int StepsPerEpoch,
    long Target,
    long Grants,
    ulong Seed)
{
    private readonly ImmutableArray<int> offers;
    private readonly long? minClock;

    /// <summary>The clock of the least advanced block.</summary>
    public long MinClock
    {
        get => minClock ?? Clocks.Min();
        internal init => minClock = value;
    }

    /// <summary>
    /// Indices of the blocks that the asking worker may be given, as placement has it: all where blocks are leased, its own where they are
    /// pinned. A block among them can be one that is being trained, or has reached the target.
    /// </summary>
    public ImmutableArray<int> Offers
    {
        get => offers.IsDefault ? [.. Enumerable.Range(0, Clocks.Length)] : offers;
        init => offers = value;
    }

    /// <summary>Whether the asking worker may be given any block, so that what holds for it holds for all.</summary>
    public bool OffersAll => offers.IsDefault || offers.Length == Clocks.Length;

    /// <summary>Replicas of each block: all of them stand in these arrays as blocks, those of one block next to each other.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Weight of each block in a weighted choice, SNR(t) - SNR(t-1) in discrete time; empty where all weigh the same.</summary>
    public ImmutableArray<double> Weights { get; init; } = [];

    /// <summary>Blocks that the asking worker may be given, that nobody trains and that have steps left.</summary>
    public IEnumerable<BlockId> Free => Offers.Where(IsFree).Select(Block);

    /// <summary>The block at an index of these arrays.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public BlockId Block(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Clocks.Length, nameof(index));
        return new(index + 1) { Replicas = Replicas };
    }

    /// <summary>Whether nobody trains the block at this index, and it has steps left.</summary>
    public bool IsFree(int index) => !Leased[index] && Clocks[index] < Target;
}

/// <summary>A free slot asks for work.</summary>
/// <param name="Held">Blocks whose newest state the asking worker already has in memory.</param>
public sealed record LeaseRequest(IReadOnlySet<BlockId> Held)
{
    /// <summary>Name of the asking worker.</summary>
    public string Worker { get; init; } = "";

    /// <summary>How many times as long as the fastest worker that is there the asking one needs for a step: 1 for the fastest.</summary>
    public double Slowness { get; init; } = 1;

    /// <summary>Most steps in a lease, where the settings say so; null for what suits the policy.</summary>
    public int? Visit { get; init; }
}

/// <summary>What a policy answers.</summary>
public abstract record PolicyDecision
{
    private PolicyDecision()
    {
    }

    /// <summary>Train these steps of this block.</summary>
    public sealed record Run(BlockId Block, StepRange Steps) : PolicyDecision;

    /// <summary>Nothing may run on the asking worker until a step is committed.</summary>
    /// <param name="ForAll">Whether nothing may run on any other one either, so that they need not be asked.</param>
    public sealed record Wait(bool ForAll = false) : PolicyDecision;
}

/// <summary>
/// Decides which block a free slot trains next, and for how many steps. A pure function: it holds no actor, no tensor and no state, so
/// the same policy serves a run, a simulation and a property test.
/// </summary>
public interface IUpdatePolicy
{
    /// <summary>Name with argument, as on the command line: <c>bounded:8</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Whether the order of all steps is fixed: one block trains at a time, and where blocks share parameters, each step finds those that the
    /// step before left.
    /// </summary>
    bool IsSequential => false;

    /// <summary>The largest lead that the policy allows, in steps; null where it promises none.</summary>
    long? MaxLead => null;

    /// <summary>The next lease for the asking worker.</summary>
    PolicyDecision Next(PolicyView view, LeaseRequest request);
}
