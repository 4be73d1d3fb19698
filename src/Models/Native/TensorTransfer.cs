using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace NoProp.Models.Native;

/// <summary>Tensors from one device to another. What is there already is not copied.</summary>
internal static class TensorTransfer
{
    /// <summary>The tensor on a device.</summary>
    public static Tensor OnDevice(this Tensor tensor, Device device) =>
        tensor.device_type == device.type && tensor.device_index == device.index ? tensor : tensor.to(device);

    /// <summary>The tensor on the device of another one: random numbers are drawn on the CPU, so that they are the same bits for every device.</summary>
    public static Tensor OnDeviceOf(this Tensor tensor, Tensor other) =>
        tensor.device_type == other.device_type && tensor.device_index == other.device_index ? tensor : tensor.to(other.device);

    /// <summary>The memory of a contiguous float32 tensor on the CPU, for as long as the tensor is there.</summary>
    public static Span<float> FloatSpan(this Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>The values of a float32 tensor, row-major.</summary>
    public static float[] Floats(this Tensor tensor)
    {
        using Tensor here = tensor.cpu();
        using Tensor rows = here.contiguous();
        return rows.data<float>().ToArray();
    }
}
