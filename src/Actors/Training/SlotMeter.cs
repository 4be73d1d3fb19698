using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Training;

/// <summary>
/// Who takes part in a run, and how long slots and blocks go without a lease. Told of every lease with the time on the run's clock; decides
/// nothing. Not thread-safe.
/// </summary>
internal sealed class SlotMeter
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Slot[]> workers = new(StringComparer.Ordinal);
    private readonly Dictionary<BlockId, (Slot? Slot, Lease Lease)> leases = [];
    private readonly Dictionary<BlockId, TimeSpan> free = [];
    private readonly Dictionary<BlockId, WaitTimes> waits = [];
    private TimeSpan last;
    private (double Alive, double Leased, double Contributing) sums;
    private (TimeSpan At, double Alive, double Leased, double Contributing) mark;

    /// <summary>The slots at a moment.</summary>
    public SlotCounts Now(TimeSpan now)
    {
        (int alive, int leased, int contributing) = (0, 0, 0);
        foreach (Slot[] slots in workers.Values)
        {
            alive += slots.Length;
            foreach (Slot slot in slots)
            {
                leased += slot.Leased ? 1 : 0;
                contributing += slot.Accepted is { } accepted && now - accepted <= slot.StaysFresh ? 1 : 0;
            }
        }

        return new(alive, leased, contributing);
    }

    /// <summary>Means over all the time so far.</summary>
    public SlotCounts Mean(TimeSpan now)
    {
        Pass(now);
        double seconds = Math.Max(now.TotalSeconds, double.Epsilon);
        return new(sums.Alive / seconds, sums.Leased / seconds, sums.Contributing / seconds);
    }

    /// <summary>Means over the time since this was last asked for.</summary>
    public SlotCounts Recent(TimeSpan now)
    {
        Pass(now);
        double seconds = (now - mark.At).TotalSeconds;
        SlotCounts recent = seconds > 0
            ? new((sums.Alive - mark.Alive) / seconds, (sums.Leased - mark.Leased) / seconds, (sums.Contributing - mark.Contributing) / seconds)
            : Now(now);
        mark = (now, sums.Alive, sums.Leased, sums.Contributing);
        return recent;
    }

    /// <summary>A worker is there.</summary>
    public void Join(string worker, int slots, TimeSpan now)
    {
        Pass(now);
        workers[worker] = [.. Enumerable.Range(0, slots).Select(_ => new Slot { Since = now })];
    }

    /// <summary>A worker is gone.</summary>
    public void Leave(string worker, TimeSpan now)
    {
        Pass(now);
        workers.Remove(worker);
    }

    /// <summary>A lease is granted: to the slot that has been free for longest.</summary>
    public void Grant(Lease lease, TimeSpan now)
    {
        Pass(now);
        Slot? slot = workers.GetValueOrDefault(lease.Worker)?.Where(slot => !slot.Leased).MinBy(slot => slot.Since);
        waits[lease.Block] = new(default, default, now - free.GetValueOrDefault(lease.Block), slot is null ? default : now - slot.Since);
        leases[lease.Block] = (slot, lease);
        if (slot is not null)
        {
            (slot.Leased, slot.Since) = (true, now);
        }
    }

    /// <summary>A lease has ended: its commit was accepted, or it was taken back.</summary>
    /// <returns>What was waited for it.</returns>
    public WaitTimes End(Lease lease, bool accepted, TimeSpan now)
    {
        Pass(now);
        free[lease.Block] = now;
        if (leases.Remove(lease.Block, out (Slot? Slot, Lease Lease) held) && held.Slot is { } slot)
        {
            slot.Accepted = accepted ? now : null;
            slot.StaysFresh = TimeSpan.FromTicks(Math.Max(Fresh.Ticks, 2 * (now - slot.Since).Ticks));
            (slot.Leased, slot.Since) = (false, now);
        }

        return waits.GetValueOrDefault(lease.Block);
    }

    private void Pass(TimeSpan now)
    {
        double seconds = (now - last).TotalSeconds;
        SlotCounts then = Now(now);
        sums = (sums.Alive + seconds * then.Alive, sums.Leased + seconds * then.Leased, sums.Contributing + seconds * then.Contributing);
        last = now;
    }

    private sealed class Slot
    {
        /// <summary>Since when it has had its lease, or none.</summary>
        public TimeSpan Since { get; set; }

        public bool Leased { get; set; }

        /// <summary>When its newest lease ended with an accepted commit; null where it did not.</summary>
        public TimeSpan? Accepted { get; set; }

        public TimeSpan StaysFresh { get; set; }
    }
}
