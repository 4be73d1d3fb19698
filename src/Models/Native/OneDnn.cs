using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Native;

/// <summary>
/// oneDNN, with which libtorch computes convolutions on x64. That of libtorch 2.10 is not to be trusted where channels do not fill whole vectors: on a processor with AVX-512
/// the gradient of 4 channels to 8 and the convolution of 24 to 48 were wrong, and with AVX2 the loss of a network of 2 channels now and then not a number.
/// </summary>
internal static partial class OneDnn
{
    private const string MaxInstructions = "DNNL_MAX_CPU_ISA";

    // Floats of an AVX2 vector.
    private const int Lanes = 8;

    // Groups of other channels than so many gave wrong results and wrong gradients of the input, with AVX2 too.
    private const int GroupLanes = 16;

    // Images have one channel or three, for which it has kernels of their own.
    private const int ImageChannels = 3;

    /// <summary>Whether its convolution of so many channels to so many is right with AVX2.</summary>
    public static bool IsRightFor(long inputs, long outputs) => outputs % Lanes == 0 && (inputs <= ImageChannels || inputs % Lanes == 0);

    /// <summary>Whether its grouped convolution of so many channels to so many, in each group, is right.</summary>
    public static bool IsRightForGroups(long inputs, long outputs) => inputs % GroupLanes == 0 && outputs % GroupLanes == 0;

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
