using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Protocol;

// Trainer and head.

/// <summary>Trainer to head: train up to this step. Higher ones replace lower ones.</summary>
/// <param name="To">Steps in all.</param>
/// <param name="State">The newest state, for a head that has none: it has just been started.</param>
/// <param name="AfterRestart">Whether this answers <see cref="HeadRestarted"/>: a restarted head begins with no other.</param>
/// <param name="Policies">The policies that hold, for a head that has no state; the usual ones where null.</param>
/// <param name="History">Entries of the run's history that lead to <paramref name="State"/>.</param>
public sealed record AdvanceHead(long To, Snapshot? State, bool AfterRestart = false, PolicySet? Policies = null, long History = 0);

/// <summary>Head to trainer: this far.</summary>
/// <param name="Clock">Steps of blocks that have had their effect, whatever it was.</param>
/// <param name="To">The trainer's own request that this answers, or this far of it: every block step up to there has had its effect.</param>
/// <param name="Loss">Mean cross-entropy of the steps since the last message.</param>
/// <param name="State">The head now.</param>
public sealed record HeadAdvanced(long Clock, long To, float Loss, Snapshot State)
{
    /// <summary>What became of the gradients taken in since the last message.</summary>
    public ImmutableArray<UpdateTaken> Updates { get; init; } = [];

    /// <summary>What a replay must do to come from the last message's state to this one's; empty where blocks read nothing of the head.</summary>
    public ImmutableArray<ReplayEntry> Entries { get; init; } = [];
}

/// <summary>Head to trainer: a step failed. What was done since the last report is lost to the head, and was seen by blocks.</summary>
/// <param name="Entries">All of it.</param>
public sealed record HeadFailed(ImmutableArray<ReplayEntry> Entries);

/// <summary>Head to trainer: a step failed, and the head begins again from the state that it is sent.</summary>
public sealed record HeadRestarted(string Cause);
