using NoProp.Models.Training;

namespace NoProp.Actors.Policies;

/// <summary>A version of the shared parameters that a block trains with.</summary>
/// <param name="Version">The version.</param>
/// <param name="StepsLeft">Steps that the block may still train with it.</param>
public readonly record struct PinnedVersion(long Version, int StepsLeft);

/// <summary>What the head decides about a gradient or a request, as pure functions of versions and policies.</summary>
public static class SharedLogic
{
    /// <summary>What becomes of a gradient that has just come.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="view">The shared parameters.</param>
    /// <param name="update">The gradient, without the numbers.</param>
    public static SharedDecision Decide(PolicySet policies, SharedView view, SharedUpdate update) =>
        IsLate(policies.EmbeddingLag, view.Version - update.Version) ? new SharedDecision.Reject() : policies.Embedding.Decide(view, update);

    /// <summary>Whether blocks can have to wait before they begin a step.</summary>
    public static bool HasWaitBound(PolicySet policies) => Tightest(policies) is not null;

    /// <summary>Whether a lag is one that the bound rejects.</summary>
    public static bool IsLate(LagBound bound, long lag) => bound is { Waits: false, Max: { } max } && lag > max;

    /// <summary>
    /// How many steps a block may train with the present version: only so many that no step under way can come to a lag above the bound,
    /// however the others overtake it. Each of n steps under way can still meet the n - 1 others; where none is under way, one may always
    /// begin. No block gets more than its share of the bound, so that all of them can be under way at once.
    /// </summary>
    /// <param name="policies">The policies.</param>
    /// <param name="version">Version of the shared parameters.</param>
    /// <param name="underWay">What the other blocks train with.</param>
    /// <param name="asked">Steps that the block asks for, at least 1.</param>
    /// <param name="blocks">Number of blocks T, or of all their replicas.</param>
    /// <param name="replicas">Replicas of each block.</param>
    /// <returns>0 where it has to wait; otherwise at most <paramref name="asked"/>.</returns>
    public static int StepsAllowed(PolicySet policies, long version, IReadOnlyCollection<PinnedVersion> underWay, int asked, int blocks, int replicas = 1)
    {
        if (Tightest(policies) is not { } max)
        {
            return asked;
        }

        int chain = blocks / replicas;
        // A gradient moves the version by one, and a head that runs by itself by as many of its own steps as belong to it.
        long each = policies.Head.PerBatch is { } own ? 1 + (own + chain - 1) / chain : 1;
        long oldest = underWay.Count == 0 ? version : underWay.Min(pin => pin.Version);
        long others = underWay.Sum(pin => (long)pin.StepsLeft);
        long room = (max - (version - oldest)) / each + 1 - others;
        long share = Math.Max(1, (max / each + 1) / blocks);
        return (int)Math.Clamp(Math.Min(room, share), underWay.Count == 0 ? 1 : 0, asked);
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
