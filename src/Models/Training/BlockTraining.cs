using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>What a method makes of a mini-batch.</summary>
/// <param name="Descend">A scalar whose gradient is the step's: the loss, or where the gradient comes from elsewhere, a stand-in for it.</param>
/// <param name="Loss">The step's loss.</param>
/// <param name="Error">An error that is comparable between blocks and methods.</param>
/// <param name="Trunk">The convolutions that the graph of <paramref name="Descend"/> begins behind.</param>
internal readonly record struct Objective(Tensor Descend, Tensor Loss, Tensor Error, Trunk Trunk);

/// <summary>A block in training: its networks with their optimiser, and the objective of its method.</summary>
/// <param name="block">The block.</param>
/// <param name="sets">Its parameters; disposed of with it.</param>
/// <param name="shared">What the blocks share.</param>
/// <param name="coupled">Whether the objective reads the shared parameters.</param>
/// <param name="createOptimiser">An optimiser for so many values.</param>
/// <param name="from">Where to go on; null to begin.</param>
/// <param name="device">Where it computes. Versions come from the CPU, and gradients go there; a mini-batch that is elsewhere is moved.</param>
/// <param name="replicas">Replicas R of the block: each step takes one of R mini-batches that follow each other.</param>
/// <param name="objective">The objective of a mini-batch, with what is shared.</param>
internal sealed class BlockTraining(
    BlockId block,
    IReadOnlyList<TrainedSet> sets,
    SharedLayout shared,
    bool coupled,
    Func<long, IOptimiser> createOptimiser,
    Snapshot? from,
    ComputeDevice device,
    int replicas,
    Func<Batch, SharedTensors, Objective> objective) : IBlockCompute
{
    private readonly TrainingState state = new(block.FileName, sets, createOptimiser, from, device);
    private readonly UnreadLosses losses = new();

    public long Clock => state.Clock;

    public ImmutableArray<float> Step(Batch batch, SharedVersion? version)
    {
        if (batch.Step / replicas != Clock)
        {
            throw new InvalidOperationException($"{block} is at step {Clock} and was given the batch of step {batch.Step}");
        }

        if (coupled && version is null)
        {
            throw new InvalidOperationException($"{block} needs a version of the shared parameters to make a step");
        }

        using DisposeScope scope = NewDisposeScope();
        (Objective result, SharedTensors pinned) = Forward(batch, version);
        IReadOnlyList<Tensor> leaves = state.Weights;
        Tensor[] gradients = result.Trunk.Gradients(result.Descend, coupled ? [.. leaves, pinned.Flat!] : leaves);
        state.Step(TensorTransfer.Joined(gradients.AsSpan(0, leaves.Count)));
        if (coupled)
        {
            return losses.AddWith(gradients[^1], result.Loss, result.Error);
        }

        losses.Add(result.Loss, result.Error);
        return [];
    }

    public ImmutableArray<StepLoss> ReadLosses() => losses.Read();

    public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version)
    {
        if (!coupled)
        {
            throw new InvalidOperationException($"{block} has no part in the shared parameters");
        }

        using DisposeScope scope = NewDisposeScope();
        // A forward pass of training moves the running statistics of batch normalisation.
        Tensor[] statistics = [.. sets.Select(set => set.Parameters.FlatStatistics.clone())];
        try
        {
            (Objective result, SharedTensors pinned) = Forward(batch, version);
            Tensor gradient = autograd.grad([result.Descend], [pinned.Flat!])[0];
            Tensor part = shared.LearnsEmbedding ? gradient.narrow(0, gradient.shape[0] - shared.EmbeddingCount, shared.EmbeddingCount) : gradient;
            return ImmutableCollectionsMarshal.AsImmutableArray(part.Floats());
        }
        finally
        {
            for (int i = 0; i < statistics.Length; i++)
            {
                sets[i].Parameters.FlatStatistics.copy_(statistics[i]);
            }
        }
    }

    public Snapshot Snapshot(Snapshot? spare = null) => state.Snapshot(spare: spare);

    public void Dispose()
    {
        losses.Dispose();
        state.Dispose();
        foreach (TrainedSet set in sets)
        {
            set.Parameters.Dispose();
        }
    }

    /// <summary>The objective of a mini-batch, with all that it needs on the device. The caller's scope owns the results.</summary>
    internal (Objective Result, SharedTensors Pinned) Forward(Batch batch, SharedVersion? version)
    {
        Device here = device.Torch;
        SharedTensors pinned = coupled ? SharedTensors.Pin(shared, version!, here) : new(shared, flat: null, here);
        return (objective(batch with { Images = batch.Images.OnDevice(here), Labels = batch.Labels.OnDevice(here) }, pinned), pinned);
    }
}
