using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>Something that the head did and that the weights depend on, in the order in which it did it.</summary>
public abstract record ReplayEntry
{
    private ReplayEntry()
    {
    }

    /// <summary>The run begins, or goes on from a checkpoint.</summary>
    public sealed record Session(PolicySettings Policies) : ReplayEntry;

    /// <summary>Other policies hold from here on.</summary>
    public sealed record Switch(long Fence, PolicySettings Policies) : ReplayEntry;

    /// <summary>A gradient of a block was taken in.</summary>
    /// <param name="Block">The block.</param>
    /// <param name="Step">Its step.</param>
    /// <param name="Version">The version of the shared parameters that the step was computed with.</param>
    /// <param name="Epoch">Epoch of the lease: a block begins a lease, or begins it again, from its last committed state.</param>
    public sealed record Taken(BlockId Block, long Step, long Version, long Epoch) : ReplayEntry;

    /// <summary>A gradient came to a head that had failed and had no state yet: the block made the step, and the head threw the gradient away.</summary>
    /// <param name="Block">The block.</param>
    /// <param name="Step">Its step.</param>
    /// <param name="Version">The version that the step was computed with, of the head before it failed.</param>
    /// <param name="Epoch">Epoch of the lease.</param>
    public sealed record Unheard(BlockId Block, long Step, long Version, long Epoch) : ReplayEntry;

    /// <summary>The head failed, and began again from the state that it had after so many entries.</summary>
    /// <param name="Entries">Entries of the whole log that lead to that state.</param>
    /// <param name="Policies">The policies that held.</param>
    public sealed record Back(long Entries, PolicySettings Policies) : ReplayEntry;

    /// <summary>A step by the head's own terms stood in for a gradient that was lost when the head failed.</summary>
    public sealed record Lost : ReplayEntry;
}
