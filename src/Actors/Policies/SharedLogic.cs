using NoProp.Models.Training;

namespace NoProp.Actors.Policies;

/// <summary>What the head decides about a gradient or a request, as pure functions of versions and policies.</summary>
public static class SharedLogic
{
    /// <summary>What becomes of a gradient that has just come.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="view">The shared parameters.</param>
    /// <param name="update">The gradient, without the numbers.</param>
    public static SharedDecision Decide(PolicySet policies, SharedView view, SharedUpdate update) =>
        IsLate(policies.EmbeddingLag, view.Version - update.Version) ? new SharedDecision.Reject() : policies.Embedding.Decide(view, update);

    /// <summary>Whether a lag is one that the bound rejects.</summary>
    public static bool IsLate(LagBound bound, long lag) => bound is { Waits: false, Max: { } max } && lag > max;

    /// <summary>
    /// Whether a block may begin a step now: only if then no step under way can come to a lag above the bound, however the others are
    /// overtaken. Each of n steps under way can still meet the n - 1 others; when none is under way, one may always begin.
    /// </summary>
    /// <param name="policies">The policies.</param>
    /// <param name="version">Version of the shared parameters.</param>
    /// <param name="underWay">Versions that the steps under way were begun with, the asker's not among them.</param>
    /// <param name="blocks">Number of blocks T.</param>
    public static bool MayBegin(PolicySet policies, long version, IReadOnlyCollection<long> underWay, int blocks)
    {
        if (underWay.Count == 0 || Tightest(policies) is not { } max)
        {
            return true;
        }

        // A gradient moves the version by one, and a head that runs by itself by as many of its own steps as belong to it.
        long each = policies.Head.PerBatch is { } own ? 1 + (own + blocks - 1) / blocks : 1;
        return (version - underWay.Min()) + each * underWay.Count <= max;
    }

    /// <summary>The optimiser step that a decision asks for.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="decision">An <see cref="SharedDecision.Apply"/>, <see cref="SharedDecision.Mix"/> or <see cref="SharedDecision.Reject"/>.</param>
    /// <param name="gradient">The gradient.</param>
    /// <param name="lag">Its lag.</param>
    /// <param name="pinned">The version that it was computed with.</param>
    public static HeadStep Plan(PolicySet policies, SharedDecision decision, SharedGradient gradient, long lag, SharedVersion? pinned)
    {
        HeadStep step = new(gradient, OwnTerms: policies.Head.PerBatch is null)
        {
            FreezesSchedule = policies.ScheduleFrozen,
            TakesSchedule = !IsLate(policies.ScheduleLag, lag),
        };
        return decision switch
        {
            SharedDecision.Apply apply => step with { EmbeddingRate = apply.Rate, Compensation = apply.Compensation, Pinned = pinned },
            SharedDecision.Mix mix => step with { Partner = mix.Partner },
            SharedDecision.Reject => step with { TakesEmbedding = false, EmbeddingRate = step.OwnTerms ? 1 : 0 },
            _ => step,
        };
    }

    private static long? Tightest(PolicySet policies)
    {
        long? embedding = policies.EmbeddingLag is { Waits: true, Max: { } w } ? w : null;
        long? schedule = policies.ScheduleLag is { Waits: true, Max: { } s } ? s : null;
        return embedding is { } a && schedule is { } b ? Math.Min(a, b) : embedding ?? schedule;
    }
}
