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
    /// <summary>The clock of the least advanced block.</summary>
    public long MinClock => Clocks.Min();

    /// <summary>Blocks that nobody trains and that have steps left.</summary>
    public IEnumerable<BlockId> Free => BlockId.UpTo(Clocks.Length).Where(block => !Leased[block.Index] && Clocks[block.Index] < Target);
}

/// <summary>A free slot asks for work.</summary>
/// <param name="Held">Blocks whose newest state the asking worker already has in memory.</param>
public sealed record LeaseRequest(IReadOnlySet<BlockId> Held);

/// <summary>What a policy answers.</summary>
public abstract record PolicyDecision
{
    private PolicyDecision()
    {
    }

    /// <summary>Train these steps of this block.</summary>
    public sealed record Run(BlockId Block, StepRange Steps) : PolicyDecision;

    /// <summary>Nothing may run until a step is committed.</summary>
    public sealed record Wait : PolicyDecision;
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

    /// <summary>The next lease for the asking worker.</summary>
    PolicyDecision Next(PolicyView view, LeaseRequest request);
}
