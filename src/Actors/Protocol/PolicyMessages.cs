using NoProp.Actors.Policies;

namespace NoProp.Actors.Protocol;

// Whoever steers a run, and the trainer.

/// <summary>To the trainer: which policies hold? Answered with <see cref="CurrentPolicies"/>.</summary>
public sealed record GetPolicies : INodeMessage
{
    /// <summary>To a cluster's singleton: of the run with this name alone; null for the one in training.</summary>
    public string? Run { get; init; }
}

/// <summary>Trainer: these.</summary>
/// <param name="Fence">Switches of policies so far.</param>
/// <param name="Policies">The policies.</param>
public sealed record CurrentPolicies(long Fence, PolicySettings Policies) : INodeMessage;

/// <summary>To the trainer: let these policies hold. Answered with <see cref="CurrentPolicies"/> when they do, or <see cref="PoliciesRefused"/>.</summary>
public sealed record SetPolicies(PolicySettings Policies);

/// <summary>To the trainer: let some policies change, by their names; the others stay as they are, or as they are about to be. Answered like <see cref="SetPolicies"/>.</summary>
public sealed record ChangePolicies(IReadOnlyDictionary<string, string> Changes) : INodeMessage
{
    /// <inheritdoc cref="GetPolicies.Run"/>
    public string? Run { get; init; }
}

/// <summary>Trainer: they will not.</summary>
public sealed record PoliciesRefused(string Reason) : INodeMessage;
