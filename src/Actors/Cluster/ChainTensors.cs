using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Cluster;

/// <summary>Tensors of float32 as bytes between nodes.</summary>
internal static class ChainTensors
{
    /// <summary>Bytes of a tensor, row by row.</summary>
    public static ReadOnlyMemory<byte> Bytes(Tensor tensor) => Bytes([tensor]);

    /// <summary>Bytes of some tensors, one after the other.</summary>
    public static ReadOnlyMemory<byte> Bytes(IEnumerable<Tensor> tensors)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] whole = [.. tensors.Select(tensor => tensor.contiguous())];
        byte[] bytes = new byte[whole.Sum(tensor => tensor.numel()) * sizeof(float)];
        int at = 0;
        foreach (Tensor tensor in whole)
        {
            ReadOnlySpan<byte> part = tensor.bytes;
            part.CopyTo(bytes.AsSpan(at));
            at += part.Length;
        }

        return bytes;
    }

    /// <summary>A tensor on the CPU that its owner must dispose of.</summary>
    /// <param name="bytes">As many as the shape says.</param>
    /// <param name="shape">Shape.</param>
    public static Tensor Read(ReadOnlySpan<byte> bytes, params long[] shape)
    {
        Tensor tensor = empty(shape, ScalarType.Float32);
        bytes.CopyTo(tensor.bytes);
        return tensor;
    }

    /// <summary>Tensors of one shape that follow each other.</summary>
    public static Tensor[] ReadAll(ReadOnlyMemory<byte> bytes, int count, params long[] shape)
    {
        int size = count == 0 ? 0 : bytes.Length / count;
        return [.. Enumerable.Range(0, count).Select(i => Read(bytes.Span.Slice(i * size, size), shape))];
    }
}
