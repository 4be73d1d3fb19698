using NoProp.Models;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Policies;

/// <summary>One policy for each thing that blocks share.</summary>
/// <param name="Settings">The same as text.</param>
/// <param name="Blocks">Which block trains next.</param>
/// <param name="Embedding">How the label embedding W takes the blocks' gradients.</param>
/// <param name="EmbeddingLag">Lag bound of W.</param>
/// <param name="Head">When the head's own terms are trained.</param>
/// <param name="ScheduleFrozen">Whether a learned schedule stays as it is.</param>
/// <param name="ScheduleLag">Lag bound of the schedule.</param>
public sealed record PolicySet(
    PolicySettings Settings,
    IUpdatePolicy Blocks,
    ISharedPolicy Embedding,
    LagBound EmbeddingLag,
    HeadPolicy Head,
    bool ScheduleFrozen,
    LagBound ScheduleLag)
{
    /// <summary>How replicas of a block are brought together.</summary>
    public ReplicaRule Replicas { get; init; } = ReplicaPolicies.Parse(Settings.Replicas);

    /// <summary>Why these policies cannot hold where blocks have replicas; null where they can.</summary>
    public string? FaultWithReplicas => Blocks.IsSequential
        ? $"the policy '{Blocks.Name}' trains one block at a time to the end of an epoch, and replicas are trained side by side: choose another one, as in bounded:8"
        : null;

    /// <summary>Lease who may, or pin.</summary>
    public Placement Placement => Settings.Placement;

    /// <summary>The usual policies with another one for the blocks.</summary>
    /// <exception cref="NoPropException">The policy is not known.</exception>
    public static PolicySet OfBlocks(string blocks) => PolicyCatalog.BuiltIn.Parse(new PolicySettings(blocks));
}
