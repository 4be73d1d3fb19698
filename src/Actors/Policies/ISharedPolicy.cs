using System.Collections.Immutable;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>What a policy sees of the shared parameters.</summary>
/// <param name="Version">Their version: steps of the head.</param>
/// <param name="Taken">Steps of each block whose gradient the head has taken in, applied or held, by <see cref="BlockId.Index"/>.</param>
/// <param name="Held">Gradients taken in and not applied yet, in the order of their blocks.</param>
/// <param name="Seed">Seed of the run.</param>
public sealed record SharedView(long Version, ImmutableArray<long> Taken, ImmutableArray<SharedUpdate> Held, ulong Seed)
{
    /// <summary>The block at an index of <see cref="Taken"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public BlockId Block(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Taken.Length, nameof(index));
        return new(index + 1);
    }
}

/// <summary>What a step of a block asks of the shared parameters, without the numbers.</summary>
/// <param name="Block">The block.</param>
/// <param name="Step">Its step.</param>
/// <param name="Version">The version that the step was computed with.</param>
public readonly record struct SharedUpdate(BlockId Block, long Step, long Version);

/// <summary>What is to be done with a gradient.</summary>
public abstract record SharedDecision
{
    private SharedDecision()
    {
    }

    /// <summary>One step of the optimiser with it.</summary>
    /// <param name="Rate">Factor of the learning rate.</param>
    /// <param name="Compensation">lambda of delay compensation; 0 for none.</param>
    public sealed record Apply(double Rate = 1, double Compensation = 0) : SharedDecision;

    /// <summary>Keep it; nothing moves.</summary>
    public sealed record Hold : SharedDecision;

    /// <summary>A step for this gradient and each held one of the same step, in the order of their blocks, each with the mean of all.</summary>
    public sealed record ApplyMean : SharedDecision;

    /// <summary>Move the block's own copy of the parameters, then mix it half and half with a partner's.</summary>
    public sealed record Mix(BlockId Partner) : SharedDecision;

    /// <summary>Throw it away; the head makes its step with its own terms alone.</summary>
    public sealed record Reject : SharedDecision;
}

/// <summary>
/// Decides how shared parameters take a gradient of a block. A pure function: it holds no actor, no tensor and no state, so the same policy
/// serves a run, its replay, a simulation and a property test.
/// </summary>
public interface ISharedPolicy
{
    /// <summary>Name with argument, as on the command line: <c>staleness-scaled:1</c>.</summary>
    string Name { get; }

    /// <summary>Whether each block has a copy of its own.</summary>
    bool KeepsCopies => false;

    /// <summary>What is to be done with a gradient that has just come.</summary>
    SharedDecision Decide(SharedView view, SharedUpdate update);
}
