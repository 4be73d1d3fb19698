using System.Globalization;
using System.Text.RegularExpressions;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Native;

/// <summary>
/// A device that computes, as PyTorch names it. libtorch knows one CPU; here there may be several, <c>cpu:0</c>, <c>cpu:1</c> and so on, which are
/// all that one: they stand in for GPUs where there are none. The default value is the CPU.
/// </summary>
/// <param name="Type">Kind of device.</param>
/// <param name="Index">Which of that kind, from 0.</param>
public readonly partial record struct ComputeDevice(DeviceType Type, int Index)
{
    /// <summary>The CPU.</summary>
    public static ComputeDevice Cpu => default;

    /// <summary>The device as libtorch knows it.</summary>
    public Device Torch => Type == DeviceType.CPU ? CPU : new Device(Type, Index);

    /// <summary>Reads <c>cpu</c>, <c>cuda</c>, or one of them with an index: <c>cuda</c> is <c>cuda:0</c>.</summary>
    public static bool TryParse(string? text, out ComputeDevice device)
    {
        Match match = Pattern().Match(text ?? "");
        device = !match.Success ? default : new(
            match.Groups[1].Value == "cpu" ? DeviceType.CPU : DeviceType.CUDA,
            match.Groups[2].Success ? int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) : 0);
        return match.Success;
    }

    /// <summary>Its name; the first CPU is <c>cpu</c>.</summary>
    public override string ToString() => this == Cpu ? "cpu" : string.Create(CultureInfo.InvariantCulture, $"{Type.ToString().ToLowerInvariant()}:{Index}");

    [GeneratedRegex(@"^(cpu|cuda)(?::(0|[1-9][0-9]{0,2}))?\z")]
    private static partial Regex Pattern();
}
