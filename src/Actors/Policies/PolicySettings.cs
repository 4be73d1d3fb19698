using NoProp.Models.Embeddings;

namespace NoProp.Actors.Policies;

/// <summary>Who trains a block: any worker with a free slot, or always the same one.</summary>
public enum Placement
{
    /// <summary>Whoever is free.</summary>
    Leased,

    /// <summary>Each block has its worker, and waits for it.</summary>
    Pinned,
}

/// <summary>One policy for each thing that blocks share, as text: what a run's settings say.</summary>
/// <param name="Blocks">Which block trains next, for example <c>bounded:8</c>.</param>
/// <param name="Placement">Who trains it.</param>
/// <param name="Visit">Steps in a lease at most; null for what suits the block policy.</param>
/// <param name="Embedding">How the label embedding W takes the blocks' gradients, for example <c>immediate</c>.</param>
/// <param name="EmbeddingLag">Lag bound of W: <c>none</c>, <c>reject:V</c> or <c>wait:V</c>.</param>
/// <param name="Head">When the head's own terms are trained: <c>with-block</c> or <c>free-running:N</c>.</param>
/// <param name="Schedule">Whether a learned schedule moves: <c>with-block</c> or <c>frozen</c>.</param>
/// <param name="ScheduleLag">Lag bound of the schedule: <c>none</c>, <c>reject:V</c> or <c>wait:V</c>.</param>
/// <param name="Refresh">
/// Steps that a block trains with one version of the shared parameters before it asks for a newer one (n_fetch of Downpour SGD, Dean et al.
/// 2012); a lease begins with the newest, and the paper's order needs it in every step.
/// </param>
/// <param name="Moments">Whether W's optimiser has one set of moments, or one for each block.</param>
/// <param name="Replicas">How replicas of a block are brought together, for example <c>local-sgd:10</c>.</param>
public sealed record PolicySettings(
    string Blocks = "bounded:8",
    Placement Placement = Placement.Leased,
    int? Visit = null,
    string Embedding = "immediate",
    string EmbeddingLag = "none",
    string Head = "with-block",
    string Schedule = "with-block",
    string ScheduleLag = "none",
    int Refresh = 1,
    MomentSharing Moments = MomentSharing.Shared,
    string Replicas = "local-sgd:10")
{
    /// <summary>Where policies are searched that are named by their type.</summary>
    public PolicyAssemblies Assemblies { get; init; } = PolicyAssemblies.None;
}
