using NoProp.Models.Checkpoints;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Inference;

/// <summary>What reads class probabilities from z, on a snapshot of the head.</summary>
/// <param name="layout">What the blocks share.</param>
/// <param name="from">The head's state.</param>
/// <param name="logProbabilities">log p_out(y | z) of (shared, z): [batch, d] to [batch, m].</param>
/// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
internal sealed class SnapshotClassifier(SharedLayout layout, Snapshot from, Func<SharedTensors, Tensor, Tensor> logProbabilities) : IClassifierCompute
{
    private readonly Tensor shared = SharedTensors.Read(layout, from);

    public Tensor Probabilities(Tensor z)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        return logProbabilities(new SharedTensors(layout, shared), z).exp().MoveToOuterDisposeScope();
    }

    public Tensor Nearest(Tensor z)
    {
        using DisposeScope scope = NewDisposeScope();
        return NearestEmbedding.Classes(z, new SharedTensors(layout, shared).Embedding).MoveToOuterDisposeScope();
    }

    public void Dispose() => shared.Dispose();
}
