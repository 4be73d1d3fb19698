using NoProp.Models.Native;
using TorchSharp;

namespace NoProp.Models.Data.Devices;

/// <summary>Whether a device that reads the training images has a copy of all of them.</summary>
public enum Residence
{
    /// <summary>A GPU has one where it takes at most a quarter of its memory.</summary>
    Auto,

    /// <summary>Every device has one, but for the CPU, where the data set is.</summary>
    On,

    /// <summary>None has: each mini-batch is moved there.</summary>
    Off,
}

/// <summary>The rule behind <see cref="Residence"/>.</summary>
internal static class ResidenceRule
{
    /// <summary>The share of a GPU's memory that the images may take, 1 / this: the rest is for what is trained.</summary>
    private const int Share = 4;

    /// <summary>Whether a device has a copy of the training images.</summary>
    /// <param name="residence">What is asked for.</param>
    /// <param name="device">The device.</param>
    /// <param name="bytes">Size of the copy.</param>
    /// <param name="memory">Bytes of memory of a CUDA device, by its number; null where that is not known.</param>
    public static bool Holds(this Residence residence, ComputeDevice device, long bytes, Func<int, long?> memory) => residence switch
    {
        Residence.On => device != ComputeDevice.Cpu,
        Residence.Auto => device.Type == DeviceType.CUDA && memory(device.Index) is { } all && bytes <= all / Share,
        _ => false,
    };
}
