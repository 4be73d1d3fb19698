using System.Runtime.InteropServices;
using NoProp.Models.Data.Images;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data;

/// <summary>Makes the mini-batch of any step of a run. Not thread-safe: each user has its own; they may share the data set.</summary>
public sealed class BatchSource
{
    private readonly DataDescription data;
    private readonly ImageSplit? images;
    private readonly ulong seed;
    private readonly Augmentation augmentation;
    private readonly BatchOrder order;

    /// <summary>Mini-batches of images that are here.</summary>
    /// <param name="dataset">The data; stays the caller's.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="batchSize">Images in a mini-batch, at least 1.</param>
    /// <param name="augmentation">How the images of a mini-batch are changed at random.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1, or the training set is empty.</exception>
    public BatchSource(Dataset dataset, ulong seed, int batchSize, Augmentation augmentation = Augmentation.None)
        : this(DataDescription.Of(dataset), seed, batchSize, augmentation) => images = dataset.Train;

    /// <summary>Mini-batches of images that are elsewhere, and are handed over step by step.</summary>
    /// <param name="data">The data.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="batchSize">Images in a mini-batch, at least 1.</param>
    /// <param name="augmentation">How the images of a mini-batch are changed at random.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is below 1, or the training set is empty.</exception>
    public BatchSource(DataDescription data, ulong seed, int batchSize, Augmentation augmentation = Augmentation.None)
    {
        (this.data, this.seed, this.augmentation) = (data, seed, augmentation);
        order = new(seed, checked((int)data.TrainCount), batchSize);
    }

    /// <summary>Steps that visit every image once.</summary>
    public int StepsPerEpoch => order.StepsPerEpoch;

    /// <summary>All training images, on the CPU; not the caller's.</summary>
    /// <exception cref="InvalidOperationException">They are elsewhere.</exception>
    internal ImageSplit Images => images ?? throw new InvalidOperationException($"the images of {data.Name} are elsewhere");

    /// <summary>The mini-batch of a step, from 0. The caller disposes of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public Batch Prepare(long step) => Prepare(step, Images, ComputeDevice.Cpu);

    /// <summary>The mini-batch of a step on a device. The caller disposes of it.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="all">All training images, on the CPU or on the device.</param>
    /// <param name="device">Where it is read.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    internal Batch Prepare(long step, ImageSplit all, ComputeDevice device)
    {
        using ImageSplit raw = Pick(step, all);
        return Finish(step, raw, device);
    }

    /// <summary>The mini-batch of a step from its images as they are in the data set. The caller disposes of it.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="pixels">uint8, image after image.</param>
    /// <param name="labels">int64 of each image, in the byte order of this machine.</param>
    /// <param name="device">Where it is read.</param>
    /// <exception cref="NoPropException">They are not images and labels of such a mini-batch.</exception>
    public Batch Prepare(long step, ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> labels, ComputeDevice device = default)
    {
        int count = order.Indices(step).Length;
        ReadOnlySpan<long> classes = MemoryMarshal.Cast<byte, long>(labels);
        if (labels.Length != (long)count * sizeof(long) || pixels.Length != (long)count * data.Shape.Pixels || classes.ContainsAnyExceptInRange(0, data.Classes - 1))
        {
            throw new NoPropException(
                $"step {step} needs {count} images of {data.Shape} with labels below {data.Classes}, and {pixels.Length} bytes of pixels with {labels.Length} of labels are something else");
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor images = empty([count, data.Shape.Channels, data.Shape.Height, data.Shape.Width], ScalarType.Byte);
        pixels.CopyTo(images.bytes);
        Tensor numbers = empty([count], ScalarType.Int64);
        labels.CopyTo(numbers.bytes);
        return Finish(step, new ImageSplit(images, numbers), device);
    }

    /// <summary>The images of a step's mini-batch as they are in the data set. The caller disposes of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public ImageSplit Pixels(long step) => Pick(step, Images);

    /// <summary>Only the labels of a step's mini-batch, int64 [b]. The caller disposes of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public Tensor Labels(long step)
    {
        using DisposeScope scope = NewDisposeScope();
        return Images.Labels.index_select(0, Rows(step)).DetachFromDisposeScope();
    }

    private ImageSplit Pick(long step, ImageSplit all)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Rows(step).OnDeviceOf(all.Images);
        return new(all.Images.index_select(0, rows).DetachFromDisposeScope(), all.Labels.index_select(0, rows).DetachFromDisposeScope());
    }

    /// <summary>Images are changed where they are, and normalised where they are read: what is moved is uint8.</summary>
    private Batch Finish(long step, ImageSplit raw, ComputeDevice device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = ImageAugmenter.Apply(raw.Images, augmentation, seed, step).OnDevice(device.Torch);
        Tensor labels = raw.Labels.OnDevice(device.Torch);
        return new Batch(step, data.Normalise(pixels).DetachFromDisposeScope(), labels.alias().DetachFromDisposeScope());
    }

    private Tensor Rows(long step)
    {
        ReadOnlySpan<long> indices = order.Indices(step);
        Tensor rows = empty([indices.Length], ScalarType.Int64);
        indices.CopyTo(MemoryMarshal.Cast<byte, long>(rows.bytes));
        return rows;
    }
}
