using System.Runtime.InteropServices;
using NoProp.Models.Native;
using TorchSharp;

namespace NoProp.Models.Data.Devices;

/// <summary>
/// Makes mini-batches on the devices that read them. A device with a copy of the training images, which goes there once, is sent the numbers of
/// a mini-batch's images, and picks, changes and normalises them itself; another one is sent the images as uint8, a quarter of what networks
/// read. The bits are the same either way. Not thread-safe.
/// </summary>
/// <param name="source">Knows the images of each mini-batch.</param>
/// <param name="residence">Which devices have a copy of all images.</param>
/// <param name="memory">Bytes of memory of a CUDA device, by its number; null to ask the driver.</param>
public sealed class DeviceBatches(BatchSource source, Residence residence = Residence.Auto, Func<int, long?>? memory = null) : IDisposable
{
    private readonly Func<int, long?> memory = memory ?? (index => CudaDriver.Find(index)?.Memory);
    private readonly Dictionary<ComputeDevice, ImageSplit?> copies = [];

    /// <summary>The mini-batch of a step, from 0, on a device. The caller disposes of it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    /// <exception cref="NoPropException">The device has no room for the training images.</exception>
    public Batch Prepare(long step, ComputeDevice device) => source.Prepare(step, Copy(device) ?? source.Images, device);

    /// <summary>The mini-batch of a step on a device, from its images as they are in the data set. The caller disposes of it.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="pixels">uint8, image after image.</param>
    /// <param name="labels">int64 of each image, in the byte order of this machine.</param>
    /// <param name="device">Where it is read.</param>
    /// <exception cref="NoPropException">They are not images and labels of such a mini-batch.</exception>
    public Batch Prepare(long step, ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> labels, ComputeDevice device) => source.Prepare(step, pixels, labels, device);

    /// <summary>Frees the copies. Mini-batches stay as they are.</summary>
    public void Dispose()
    {
        foreach (ImageSplit? copy in copies.Values)
        {
            copy?.Dispose();
        }

        copies.Clear();
    }

    /// <summary>The training images on a device; null where it has none of its own.</summary>
    private ImageSplit? Copy(ComputeDevice device)
    {
        if (!copies.TryGetValue(device, out ImageSplit? copy))
        {
            ImageSplit all = source.Images;
            long bytes = (all.Images.NumberOfElements * all.Images.ElementSize) + (all.Labels.NumberOfElements * all.Labels.ElementSize);
            copy = residence.Holds(device, bytes, memory) ? Move(all, device, bytes) : null;
            copies.Add(device, copy);
        }

        return copy;
    }

    private static ImageSplit Move(ImageSplit all, ComputeDevice device, long bytes)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        try
        {
            return new(
                all.Images.to(device.Torch, copy: true).DetachFromDisposeScope(),
                all.Labels.to(device.Torch, copy: true).DetachFromDisposeScope());
        }
        catch (ExternalException e)
        {
            throw new NoPropException(
                FormattableString.Invariant($"{device} cannot take the training images, {bytes / 1e6:0.#} MB ({e.Message.Split('\n')[0].Trim()}): set noprop.data.resident = off"), e);
        }
    }
}
