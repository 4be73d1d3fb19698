using System.Globalization;
using TorchSharp;

namespace NoProp.Models.Native;

/// <summary>What libtorch finds of CUDA.</summary>
/// <param name="IsBuiltIn">Whether this build has libtorch for CUDA.</param>
/// <param name="Devices">Number of CUDA devices.</param>
public sealed record Cuda(bool IsBuiltIn, int Devices)
{
    /// <summary>What it finds here. Loads libtorch.</summary>
    /// <exception cref="NoPropException">It cannot be loaded.</exception>
    public static Cuda Find()
    {
        TorchRuntime.Load();
        return new(IsPackaged(AppContext.BaseDirectory), torch.cuda.is_available() ? torch.cuda.device_count() : 0);
    }

    /// <summary>Why a device cannot be used, and what to do; null where it can.</summary>
    public string? Fault(ComputeDevice device) => device switch
    {
        { Type: not DeviceType.CUDA } => null,
        _ when !IsBuiltIn => $"{device}: this build has no CUDA: build it with `dotnet build -c Release -p:Torch=cuda`, or choose cpu",
        _ when Devices == 0 => $"{device}: libtorch finds no CUDA device: see that NVIDIA's driver is there and that CUDA_VISIBLE_DEVICES names a GPU, or choose cpu",
        _ when device.Index >= Devices => string.Create(
            CultureInfo.InvariantCulture, $"{device}: there {(Devices == 1 ? "is one CUDA device, cuda:0" : $"are {Devices} CUDA devices, cuda:0 to cuda:{Devices - 1}")}"),
        _ => null,
    };

    private static bool IsPackaged(string folder) =>
        Directory.EnumerateFiles(folder, "*torch_cuda*", new EnumerationOptions { RecurseSubdirectories = true }).Any();
}
