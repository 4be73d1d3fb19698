using System.Runtime.InteropServices;
using System.Text;

namespace NoProp.Models.Native;

/// <summary>What NVIDIA's driver says of a GPU: libtorch as TorchSharp has it cannot be asked.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Memory">Memory in bytes.</param>
public sealed record CudaDriver(string Name, long Memory)
{
    private const int LongestName = 256;

    /// <summary>A GPU by the number that CUDA has for it; null where there is no driver, or it has no such GPU.</summary>
    public static unsafe CudaDriver? Find(int index)
    {
        // Four functions of the driver's interface, which all its versions have (CUDA Driver API, sections 6.2 and 6.5). 0 is success.
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out IntPtr driver)
            || !NativeLibrary.TryGetExport(driver, "cuInit", out IntPtr initialise)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGet", out IntPtr get)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out IntPtr getName)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceTotalMem_v2", out IntPtr getMemory))
        {
            return null;
        }

        int device;
        nuint memory;
        byte* name = stackalloc byte[LongestName];
        return ((delegate* unmanaged<uint, int>)initialise)(0) == 0
            && ((delegate* unmanaged<int*, int, int>)get)(&device, index) == 0
            && ((delegate* unmanaged<byte*, int, int, int>)getName)(name, LongestName, device) == 0
            && ((delegate* unmanaged<nuint*, int, int>)getMemory)(&memory, device) == 0
            ? new(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), (long)memory)
            : null;
    }
}
