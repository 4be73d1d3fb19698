using System.Runtime.InteropServices;
using NoProp.Models.Data.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data;

/// <summary>Makes the mini-batch of any step of a run. Not thread-safe: each user has its own; they may share the data set.</summary>
/// <param name="dataset">The data; stays the caller's.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="batchSize">Images in a mini-batch, at least 1.</param>
/// <param name="augmentation">How the images of a mini-batch are changed at random.</param>
/// <exception cref="ArgumentOutOfRangeException">The batch size is below 1, or the training set is empty.</exception>
public sealed class BatchSource(Dataset dataset, ulong seed, int batchSize, Augmentation augmentation = Augmentation.None)
{
    private readonly BatchOrder order = new(seed, checked((int)dataset.Train.Count), batchSize);

    /// <summary>Steps that visit every image once.</summary>
    public int StepsPerEpoch => order.StepsPerEpoch;

    /// <summary>The mini-batch of a step, from 0. The caller disposes of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public Batch Prepare(long step)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Rows(step);
        Tensor pixels = dataset.Train.Images.index_select(0, rows);
        Tensor images = dataset.Normalise(ImageAugmenter.Apply(pixels, augmentation, seed, step));
        Tensor labels = dataset.Train.Labels.index_select(0, rows);
        return new Batch(step, images.DetachFromDisposeScope(), labels.DetachFromDisposeScope());
    }

    /// <summary>Only the labels of a step's mini-batch, int64 [b]. The caller disposes of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public Tensor Labels(long step)
    {
        using DisposeScope scope = NewDisposeScope();
        return dataset.Train.Labels.index_select(0, Rows(step)).DetachFromDisposeScope();
    }

    private Tensor Rows(long step)
    {
        ReadOnlySpan<long> indices = order.Indices(step);
        Tensor rows = empty([indices.Length], ScalarType.Int64);
        indices.CopyTo(MemoryMarshal.Cast<byte, long>(rows.bytes));
        return rows;
    }
}
