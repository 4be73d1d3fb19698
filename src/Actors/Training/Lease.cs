using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>Counts the leases of one block: a commit with an older epoch than the newest lease's is refused.</summary>
public readonly record struct LeaseEpoch(long Value)
{
    /// <summary>The next epoch.</summary>
    public LeaseEpoch Next => new(Value + 1);

    /// <inheritdoc/>
    public override string ToString() => $"lease {Value}";
}

/// <summary>The right to advance a block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Epoch">Fencing epoch.</param>
/// <param name="Steps">The steps to train.</param>
/// <param name="Worker">Name of the worker that holds it.</param>
/// <param name="Fence">Counts the switches of policies: what is done under the lease is done under the policies of this fence.</param>
public sealed record Lease(BlockId Block, LeaseEpoch Epoch, StepRange Steps, string Worker, long Fence = 0)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Block}, {Steps} ({Epoch}, held by {Worker})";
}
