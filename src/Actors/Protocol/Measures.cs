namespace NoProp.Actors.Protocol;

// What is measured of a run beside its losses.

/// <summary>Time spent waiting, by what was waited for.</summary>
/// <param name="Batch">The block holds a lease and waits for a mini-batch: this was what came last.</param>
/// <param name="Shared">The block holds a lease and waits for the shared parameters: these were what came last.</param>
/// <param name="Lease">Nobody holds a lease on the block: from the end of one, or the beginning of the session, to the grant of the next.</param>
/// <param name="Slot">A slot of the worker has none: from the end of one, or its registration, to the grant of the next.</param>
public readonly record struct WaitTimes(TimeSpan Batch, TimeSpan Shared, TimeSpan Lease = default, TimeSpan Slot = default)
{
    /// <summary>The sum of two.</summary>
    public static WaitTimes operator +(WaitTimes a, WaitTimes b) => new(a.Batch + b.Batch, a.Shared + b.Shared, a.Lease + b.Lease, a.Slot + b.Slot);
}

/// <summary>Slots of workers, as three populations; whole numbers for a moment, means for a time.</summary>
/// <param name="Alive">Slots of workers that are registered.</param>
/// <param name="Leased">Those that hold a lease.</param>
/// <param name="Contributing">
/// Those whose newest lease to end has ended with a commit that was accepted, no longer ago than 10 s, or twice the time of that lease where it
/// took longer than 5 s. A slot whose commit is refused, or whose lease is revoked, contributes again with its next accepted commit; one that
/// has made none yet does not contribute.
/// </param>
public readonly record struct SlotCounts(double Alive, double Leased, double Contributing);
