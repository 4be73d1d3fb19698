using System.CommandLine;
using NoProp.Actors.Hosting;
using NoProp.Models.Native;
using TorchSharp;

namespace NoProp.Host.Commands;

/// <summary>Flags that say on which devices of this machine blocks train.</summary>
internal static class DeviceOptions
{
    private const string Devices = "noprop.devices";
    private const string SlotsPerDevice = "noprop.slots-per-device";

    /// <summary>Adds <c>--devices</c> and <c>--slots-per-device</c>.</summary>
    public static SettingsOptions AddDevices(this SettingsOptions settings) => settings
        .Add("--devices", Devices, "DEVICES", "Devices that train blocks, as in cuda:0,cuda:1: cpu, cuda or cuda:N, separated by commas")
        .Add("--slots-per-device", SlotsPerDevice, "N", "Blocks trained at once on each device");

    /// <summary>A flag that says something of this machine's devices, where one was given.</summary>
    public static string? DevicesAsked(this SettingsOptions settings, ParseResult parsed) =>
        settings.Changes(parsed, path => path.Split('=')[0].Trim() == Devices).Any() ? "--devices"
        : settings.Changes(parsed, path => path.Split('=')[0].Trim() == SlotsPerDevice).Any() ? "--slots-per-device"
        : null;

    /// <summary>The settings, once it is clear that this machine has their devices.</summary>
    /// <exception cref="SettingsException">It has not.</exception>
    public static LoadedSettings OnDevicesOfThisMachine(this LoadedSettings loaded)
    {
        IReadOnlyList<ComputeDevice> devices = loaded.Settings.Devices;
        string? fault = devices.All(device => device.Type == DeviceType.CPU) ? null : devices.Select(Cuda.Find().Fault).FirstOrDefault(fault => fault is not null);
        return fault is null ? loaded : throw new SettingsException($"{Devices}: {fault}");
    }
}
