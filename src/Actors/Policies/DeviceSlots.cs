using System.Collections.Immutable;
using NoProp.Models.Native;

namespace NoProp.Actors.Policies;

/// <summary>The slots of a worker: it trains so many blocks at a time on each of its devices.</summary>
/// <param name="Devices">Its devices, at least one, each once.</param>
/// <param name="PerDevice">Blocks at a time on each, at least 1.</param>
public sealed record DeviceSlots(ImmutableArray<ComputeDevice> Devices, int PerDevice)
{
    /// <summary>Slots of a worker that has the CPU alone.</summary>
    public static DeviceSlots OnCpu(int slots) => new([ComputeDevice.Cpu], slots);

    /// <summary>Blocks at a time on all of them.</summary>
    public int Count => Devices.Length * PerDevice;

    /// <summary>
    /// The device of a block: the one that it was on, where a slot is free there, for its state need not be moved; otherwise the one with the
    /// most free slots, the first of several.
    /// </summary>
    /// <param name="busy">Devices of the other blocks that the worker trains now, one entry for each of them.</param>
    /// <param name="before">Where the block was when this worker trained it last; null where that is not known.</param>
    public ComputeDevice Choose(IEnumerable<ComputeDevice> busy, ComputeDevice? before)
    {
        Dictionary<ComputeDevice, int> taken = busy.CountBy(device => device).ToDictionary();
        return before is { } there && Devices.Contains(there) && taken.GetValueOrDefault(there) < PerDevice
            ? there
            : Devices.MinBy(device => taken.GetValueOrDefault(device));
    }

    /// <summary>The devices by name.</summary>
    public override string ToString() => string.Join(", ", Devices);
}
