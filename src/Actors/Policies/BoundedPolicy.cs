using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>
/// Least advanced block first; no block gets more than <c>maxLead</c> steps ahead of the least advanced one. A lead of 1 is lockstep, no
/// bound at all is fully asynchronous.
/// </summary>
public sealed class BoundedPolicy : IUpdatePolicy
{
    /// <summary>Visits of an unbounded policy; longer ones only make a restarted block repeat more.</summary>
    private const long UnboundedVisit = 8;

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
        long end = maxLead == long.MaxValue ? view.Target : Math.Min(view.MinClock + maxLead, view.Target);
        BlockId? next = view.Free
            .Where(block => view.Clocks[block.Index] < end)
            .OrderBy(block => view.Clocks[block.Index])
            .ThenBy(block => request.Held.Contains(block) ? 0 : 1)
            .Cast<BlockId?>()
            .FirstOrDefault();
        if (next is not { } block)
        {
            return new PolicyDecision.Wait();
        }

        long from = view.Clocks[block.Index];
        return new PolicyDecision.Run(block, new StepRange(from, Math.Min(from + visit, end)));
    }
}
