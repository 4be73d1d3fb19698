using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>One block as the trainer sees it.</summary>
/// <param name="Clock">Committed steps.</param>
/// <param name="Epoch">Epoch of the newest lease.</param>
/// <param name="Lease">The lease, while somebody trains the block.</param>
/// <param name="Expires">When that lease ends without a sign of life, on the run's clock.</param>
public sealed record BlockProgress(long Clock, LeaseEpoch Epoch = default, Lease? Lease = null, TimeSpan Expires = default)
{
    /// <summary>The worker that has made the newest committed state; null where another one trains the block now.</summary>
    public string? Holder { get; init; }

    /// <summary>Whether it has come to a meeting of replicas, and waits for what that gives.</summary>
    public bool Meeting { get; init; }

    /// <summary>The only worker that trains the block under <see cref="Placement.Pinned"/>; null where it has not been given one.</summary>
    public string? Home { get; init; }

    /// <summary>The device that trains it, for people; null where its holder has not said.</summary>
    public string? Device { get; init; }
}

/// <summary>A worker as the trainer sees it.</summary>
/// <param name="Slots">Blocks that it trains at once.</param>
/// <param name="Held">Blocks whose newest state it has.</param>
public sealed record WorkerProgress(int Slots, ImmutableHashSet<BlockId> Held)
{
    // Weight of the newest lease: a worker that slows down is known for it after some four leases.
    private const double Newest = 0.25;

    /// <summary>Leases that it holds.</summary>
    public int Leases { get; init; }

    /// <summary>Exponential mean of its compute time for a step, over its commits; zero where it has made none.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>Indices of the blocks whose <see cref="BlockProgress.Home"/> it is.</summary>
    public ImmutableArray<int> Home { get; init; } = [];

    /// <summary>Its devices, for people.</summary>
    public string Devices { get; init; } = "";

    /// <summary>Whether it could train one more block.</summary>
    public bool IsFree => Leases < Slots;

    internal WorkerProgress Measured(long steps, TimeSpan computeTime) =>
        steps <= 0 || computeTime <= TimeSpan.Zero ? this
        : this with { StepTime = StepTime == TimeSpan.Zero ? computeTime / steps : StepTime + Newest * (computeTime / steps - StepTime) };
}
