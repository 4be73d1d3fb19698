using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>
/// Least advanced block first; no block gets more than <c>maxLead</c> steps ahead of the least advanced one (stale synchronous parallel, Ho
/// et al. 2013, for blocks in place of workers). A lead of 1 is lockstep, no bound at all is fully asynchronous. A worker that is r times
/// slower than the fastest is given visits r times shorter and, where there is a bound, the most advanced block within it. A worker keeps a
/// block that it has, rather than one that it would have to be sent, while that one is less than a visit behind.
/// </summary>
public sealed class BoundedPolicy : IUpdatePolicy
{
    /// <summary>Visits of an unbounded policy; longer ones only make a restarted block repeat more.</summary>
    private const long UnboundedVisit = 8;

    /// <summary>Slowness above which a worker is given short visits to blocks that nobody waits for; below it is jitter.</summary>
    private const double SlowFrom = 1.5;

    private readonly long maxLead;
    private readonly long visit;

    private BoundedPolicy(string name, long maxLead)
    {
        Name = name;
        this.maxLead = maxLead;
        // Visits of half the lead: a slot that finishes finds another block to train before the slowest one is back.
        visit = maxLead == long.MaxValue ? UnboundedVisit : (maxLead + 1) / 2;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long? MaxLead => maxLead == long.MaxValue ? null : maxLead;

    /// <summary><c>bounded:maxLead</c>.</summary>
    /// <param name="maxLead">Largest lead, in steps, at least 1.</param>
    public static BoundedPolicy Bounded(long maxLead)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLead, 1);
        return new($"bounded:{maxLead}", maxLead);
    }

    /// <summary><c>lockstep</c>: every block makes step k before any makes step k + 1.</summary>
    public static BoundedPolicy Lockstep() => new("lockstep", 1);

    /// <summary><c>async</c>: no bound.</summary>
    public static BoundedPolicy Unbounded() => new("async", long.MaxValue);

    /// <inheritdoc/>
    public PolicyDecision Next(PolicyView view, LeaseRequest request)
    {
        bool bounded = maxLead != long.MaxValue;
        long end = bounded ? Math.Min(view.MinClock + maxLead, view.Target) : view.Target;
        // What a slow worker trains stands still for long: the block that has the most time to spare. The others need not wait for it then.
        bool slow = request.Slowness > SlowFrom;
        bool last = slow && bounded;
        int best = -1;
        long from = 0;
        ReadOnlySpan<long> clocks = view.Clocks.AsSpan();
        ReadOnlySpan<bool> leased = view.Leased.AsSpan();
        foreach (int i in view.Offers)
        {
            long clock = clocks[i];
            if (!leased[i] && clock < end && (best < 0 || (last ? clock > from : clock < from)))
            {
                (best, from) = (i, clock);
            }
        }

        if (best < 0)
        {
            return new PolicyDecision.Wait(view.OffersAll);
        }

        long usual = request.Visit ?? visit;
        // Less than a visit ahead: what the least advanced block would gain, its state on the way would cost, and it would be sent back soon.
        BlockId block = HeldInstead(view, request, view.Block(best), last ? from : Math.Min(from + usual, end) - 1);
        from = clocks[block.Index];
        long steps = slow ? Math.Max(1, (long)Math.Round(usual / request.Slowness)) : usual;
        return new PolicyDecision.Run(block, new StepRange(from, Math.Min(from + steps, end)));
    }

    // The least advanced whose state need not be sent, up to a clock.
    private static BlockId HeldInstead(PolicyView view, LeaseRequest request, BlockId chosen, long upTo)
    {
        if (request.Held.Contains(chosen))
        {
            return chosen;
        }

        BlockId best = chosen;
        foreach (BlockId held in request.Held)
        {
            long clock = view.Clocks[held.Index];
            if (!view.Leased[held.Index] && clock >= view.Clocks[chosen.Index] && clock <= upTo && (view.OffersAll || view.Offers.Contains(held.Index))
                && (best == chosen || clock < view.Clocks[best.Index]))
            {
                best = held;
            }
        }

        return best;
    }
}
