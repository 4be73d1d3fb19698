using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Inference;

/// <summary>A block at inference, on a snapshot.</summary>
internal sealed class SnapshotDenoiser : IDenoiserCompute
{
    private readonly IReadOnlyList<TrainedSet> sets;
    private readonly SharedLayout layout;
    private readonly Tensor? shared;
    private readonly Func<SharedTensors, Tensor, Tensor, Func<int, Tensor?>, Sampling, Tensor> denoise;

    /// <summary>A link of the chain.</summary>
    /// <param name="block">The block.</param>
    /// <param name="sets">Its parameters, overwritten from the snapshot; disposed of with it.</param>
    /// <param name="from">Its state.</param>
    /// <param name="layout">What the blocks share.</param>
    /// <param name="coupled">Whether what they share is needed.</param>
    /// <param name="head">The head's state.</param>
    /// <param name="denoise">What the method makes of (shared, images, z, eps, sampling).</param>
    /// <exception cref="NoPropException">A snapshot is damaged, of another network, or missing.</exception>
    public SnapshotDenoiser(
        BlockId block,
        IReadOnlyList<TrainedSet> sets,
        Snapshot from,
        SharedLayout layout,
        bool coupled,
        Snapshot? head,
        Func<SharedTensors, Tensor, Tensor, Func<int, Tensor?>, Sampling, Tensor> denoise)
    {
        (this.sets, this.layout, this.denoise) = (sets, layout, denoise);
        TrainingState.Restore(block.FileName, sets, from);
        if (coupled)
        {
            shared = SharedTensors.Read(layout, head ?? throw new NoPropException($"{block} needs a snapshot of the head: it has not been trained"));
        }
    }

    public Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps) => Denoise(images, z, eps, Sampling.Usual);

    public Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps, Sampling sampling)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        return denoise(new SharedTensors(layout, shared), images, z, eps ?? (_ => null), sampling).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        shared?.Dispose();
        foreach (TrainedSet set in sets)
        {
            set.Parameters.Dispose();
        }
    }
}
