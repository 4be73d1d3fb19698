using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
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
    private readonly Device device;
    private readonly Func<SharedTensors, Tensor, Tensor, Func<int, Tensor?>, Sampling, Tensor> denoise;

    /// <summary>A link of the chain.</summary>
    /// <param name="block">The block.</param>
    /// <param name="sets">Its parameters, overwritten from the snapshot; disposed of with it.</param>
    /// <param name="from">Its state.</param>
    /// <param name="layout">What the blocks share.</param>
    /// <param name="coupled">Whether what they share is needed.</param>
    /// <param name="head">The head's state.</param>
    /// <param name="device">Where it computes; what it is given comes from the CPU, and its answer goes there.</param>
    /// <param name="denoise">What the method makes of (shared, images, z, eps, sampling).</param>
    /// <exception cref="NoPropException">A snapshot is damaged, of another network, or missing.</exception>
    public SnapshotDenoiser(
        BlockId block,
        IReadOnlyList<TrainedSet> sets,
        Snapshot from,
        SharedLayout layout,
        bool coupled,
        Snapshot? head,
        ComputeDevice device,
        Func<SharedTensors, Tensor, Tensor, Func<int, Tensor?>, Sampling, Tensor> denoise)
    {
        (this.sets, this.layout, this.denoise, this.device) = (sets, layout, denoise, device.Torch);
        TrainingState.Restore(block.FileName, sets, from);
        foreach (TrainedSet set in sets)
        {
            set.Parameters.MoveTo(device);
        }

        if (coupled)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor read = SharedTensors.Read(layout, head ?? throw new NoPropException($"{block} needs a snapshot of the head: it has not been trained"));
            shared = read.OnDevice(this.device).DetachFromDisposeScope();
            if (!ReferenceEquals(shared, read))
            {
                read.Dispose();
            }
        }
    }

    public Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps) => Denoise(images, z, eps, Sampling.Usual);

    public Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps, Sampling sampling)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Sampling here = sampling with { Seen = sampling.Seen is { } seen ? step => seen(step.OnDevice(CPU)) : null };
        Tensor denoised = denoise(
            new SharedTensors(layout, shared, device), images.OnDevice(device), z.OnDevice(device), step => eps?.Invoke(step)?.OnDevice(device), here);
        return denoised.OnDevice(CPU).MoveToOuterDisposeScope();
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
