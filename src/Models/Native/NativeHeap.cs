using System.Runtime.InteropServices;

namespace NoProp.Models.Native;

/// <summary>
/// How the C library keeps memory that libtorch has freed. A step frees and asks again for the same tensors of some 10 MB. By default glibc
/// gives such blocks back to the kernel at once, which then clears every page anew: a fifth of the processor time of a step.
/// </summary>
internal static partial class NativeHeap
{
    // Names and values of glibc's malloc.h; see mallopt(3).
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MapThreshold = -3;

    // The largest threshold that glibc takes on 64 bits.
    private const int LargestMapThreshold = 32 << 20;

    /// <summary>Keeps freed blocks in the heaps of the process. Does nothing where the C library is another.</summary>
    public static void KeepFreedBlocks()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out IntPtr libc) && NativeLibrary.TryGetExport(libc, "mallopt", out _))
        {
            _ = SetOption(MapThreshold, LargestMapThreshold);
            _ = SetOption(TrimThreshold, int.MaxValue);
            // An empty heap of a thread, 64 MB, is given back only where its neighbour has this much room left: never.
            _ = SetOption(TopPad, 2 * LargestMapThreshold);
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
