using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Native;

/// <summary>
/// oneDNN, with which libtorch computes convolutions on x64. That of libtorch 2.10 is wrong with AVX-512 where channels are few: the gradient of 4 channels to 8 and the
/// convolution of 24 to 48 have been seen to be. With AVX2 it is right.
/// </summary>
internal static partial class OneDnn
{
    private const string MaxInstructions = "DNNL_MAX_CPU_ISA";

    /// <summary>Keeps it to AVX2, unless the user has chosen otherwise.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "It reads the choice when libtorch is loaded, which any first use of a tensor does.")]
    internal static void KeepToAvx2()
    {
        if (!Avx512F.IsSupported)
        {
            return;
        }

        if (OperatingSystem.IsLinux())
        {
            // What .NET sets is seen by .NET alone.
            _ = SetVariable(MaxInstructions, "AVX2", replace: 0);
        }
        else if (Environment.GetEnvironmentVariable(MaxInstructions) is null)
        {
            Environment.SetEnvironmentVariable(MaxInstructions, "AVX2");
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int replace);
}
