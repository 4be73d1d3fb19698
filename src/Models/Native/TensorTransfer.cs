using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Native;

/// <summary>Tensors from one device to another. What is there already is not copied.</summary>
internal static class TensorTransfer
{
    /// <summary>
    /// The tensor on a device. A copy from the CPU to a GPU is not waited for: CUDA has taken what it needs of ordinary memory, which this all
    /// is, when the call returns, and a device computes in the order of the calls. A copy to the CPU must be.
    /// </summary>
    public static Tensor OnDevice(this Tensor tensor, Device device) => tensor.device_type == device.type && tensor.device_index == device.index
        ? tensor
        : tensor.to(device, non_blocking: tensor.device_type == DeviceType.CPU);

    /// <summary>The tensor on the device of another one: random numbers are drawn on the CPU, so that they are the same bits for every device.</summary>
    public static Tensor OnDeviceOf(this Tensor tensor, Tensor other) =>
        tensor.device_type == other.device_type && tensor.device_index == other.device_index ? tensor : tensor.OnDevice(other.device);

    /// <summary>The memory of a contiguous float32 tensor on the CPU, for as long as the tensor is there.</summary>
    public static Span<float> FloatSpan(this Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>The values of float32 tensors on one device, one after the other, in a vector.</summary>
    public static Tensor Joined(ReadOnlySpan<Tensor> tensors)
    {
        if (tensors[0].device_type != DeviceType.CPU)
        {
            return cat([.. tensors.ToArray().Select(tensor => tensor.flatten())]);
        }

        // For the few values of a block's weights, copying costs less than to say to libtorch what is to be copied.
        long count = 0;
        foreach (Tensor tensor in tensors)
        {
            count += tensor.numel();
        }

        Tensor joined = empty(count, ScalarType.Float32);
        Span<float> rest = joined.FloatSpan();
        foreach (Tensor tensor in tensors)
        {
            Span<float> values = (tensor.is_contiguous() ? tensor : tensor.contiguous()).FloatSpan();
            values.CopyTo(rest);
            rest = rest[values.Length..];
        }

        return joined;
    }

    /// <summary>The values of a float32 tensor, row-major.</summary>
    public static float[] Floats(this Tensor tensor)
    {
        using Tensor here = tensor.cpu();
        using Tensor rows = here.contiguous();
        return rows.data<float>().ToArray();
    }
}
