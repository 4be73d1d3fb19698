using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace NoProp.Models.Native;

/// <summary>Versions of what stands between libtorch and a GPU; null for what is not there, or cannot be asked.</summary>
/// <param name="Driver">NVIDIA's driver, as in 550.54.15.</param>
/// <param name="DriverCuda">The newest CUDA that the driver can serve, as in 12.4.</param>
/// <param name="Runtime">The CUDA that this build brings.</param>
/// <param name="Cudnn">The cuDNN that this build brings, as in 9.8.0.</param>
public sealed record CudaVersions(string? Driver, string? DriverCuda, string? Runtime, string? Cudnn)
{
    // NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE
    private const int LongestVersion = 80;

    /// <summary>What is found here.</summary>
    public static CudaVersions Find() => new(
        OfDriver(),
        Cuda(OfFunction(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", "cuDriverGetVersion")),
        Cuda(Packaged("*cudart*") is { } runtime ? OfFunction(runtime, "cudaRuntimeGetVersion") : null),
        Packaged(OperatingSystem.IsWindows() ? "cudnn64_*" : "libcudnn.so*") is { } cudnn ? OfCudnn(cudnn) : null);

    /// <inheritdoc/>
    public override string ToString() =>
        $"driver {Driver ?? "of unknown version"}{(DriverCuda is null ? "" : $", for CUDA up to {DriverCuda}")}; this build has CUDA {Runtime ?? "of unknown version"}, cuDNN {Cudnn ?? "of unknown version"}";

    // 1000 times the first number, 10 times the second. Both functions write it where they are told, and give 0 for success.
    private static string? Cuda(int? version) =>
        version is { } found ? string.Create(CultureInfo.InvariantCulture, $"{found / 1000}.{found % 1000 / 10}") : null;

    private static unsafe int? OfFunction(string library, string function)
    {
        int version;
        return NativeLibrary.TryLoad(library, out IntPtr loaded) && NativeLibrary.TryGetExport(loaded, function, out IntPtr get)
            && ((delegate* unmanaged<int*, int>)get)(&version) == 0
            ? version
            : null;
    }

    private static unsafe string? OfDriver()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1", out IntPtr management)
            || !NativeLibrary.TryGetExport(management, "nvmlInit_v2", out IntPtr initialise)
            || !NativeLibrary.TryGetExport(management, "nvmlSystemGetDriverVersion", out IntPtr get)
            || !NativeLibrary.TryGetExport(management, "nvmlShutdown", out IntPtr end)
            || ((delegate* unmanaged<int>)initialise)() != 0)
        {
            return null;
        }

        byte* version = stackalloc byte[LongestVersion];
        bool isFound = ((delegate* unmanaged<byte*, uint, int>)get)(version, LongestVersion) == 0;
        _ = ((delegate* unmanaged<int>)end)();
        return isFound ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(version)) : null;
    }

    // 10000 times the first number, 100 times the second, the third.
    private static unsafe string? OfCudnn(string library)
    {
        if (!NativeLibrary.TryLoad(library, out IntPtr loaded) || !NativeLibrary.TryGetExport(loaded, "cudnnGetVersion", out IntPtr get))
        {
            return null;
        }

        nuint version = ((delegate* unmanaged<nuint>)get)();
        return string.Create(CultureInfo.InvariantCulture, $"{version / 10_000}.{version % 10_000 / 100}.{version % 100}");
    }

    private static string? Packaged(string pattern) =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, pattern, new EnumerationOptions { RecurseSubdirectories = true }).FirstOrDefault();
}
