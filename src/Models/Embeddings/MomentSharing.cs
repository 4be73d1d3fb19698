namespace NoProp.Models.Embeddings;

/// <summary>
/// Whose gradients a moment of W's optimiser averages. The loss weight (T/2) eta (SNR(t) - SNR(t-1)) spans orders of magnitude over t, so
/// with shared moments W follows the last blocks almost alone.
/// </summary>
public enum MomentSharing
{
    /// <summary>One pair of moments for all gradients of W.</summary>
    Shared,

    /// <summary>One pair for each block that contributes, so that each block's steps have its own scale.</summary>
    PerBlock,
}
