using NoProp.Models.Native;
using TorchSharp;

namespace NoProp.Benchmarks.Performance;

/// <summary>What a measurement on a GPU needs beside one on a CPU.</summary>
internal static class Gpu
{
    /// <summary>Waits until a device has done all it was given. A CPU has always.</summary>
    public static void Await(ComputeDevice device)
    {
        if (device.Type == DeviceType.CUDA)
        {
            torch.cuda.synchronize(device.Torch);
        }
    }
}
