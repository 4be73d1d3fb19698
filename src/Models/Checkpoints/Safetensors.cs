using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace NoProp.Models.Checkpoints;

/// <summary>
/// Writes the safetensors format: eight bytes with the little-endian length of a JSON header, the header padded with spaces so that the
/// data begin at a multiple of 8, then the tensors' bytes, one after the other without gaps.
/// </summary>
public static class Safetensors
{
    /// <summary>Longest header that the format allows, in bytes.</summary>
    public const int MaxHeaderLength = 100_000_000;

    internal const int LengthPrefix = 8;
    internal const string MetadataName = "__metadata__";

    /// <summary>A file that is complete but for its data, which are zero: the caller copies the tensors to their place, in order.</summary>
    /// <param name="tensors">
    /// Name, dtype and shape of each tensor, in the order in which their bytes will lie. Nothing is put between them, so a tensor is
    /// aligned to its element size only if no narrower dtype comes before it.
    /// </param>
    /// <param name="metadata">Strings to keep in the header; written in ordinal order, so equal maps give equal bytes.</param>
    /// <param name="cleared">Whether the data are zero; otherwise they are anything, for a caller who writes all of them many times a second.</param>
    /// <param name="spare">Memory to take where the data are not cleared and it has the size of the file; null for new memory.</param>
    /// <returns>The whole file, and the offset in it at which the data begin (a multiple of 8).</returns>
    /// <exception cref="ArgumentException">A name is repeated or reserved, a dtype is unknown, or a size is negative.</exception>
    /// <exception cref="NoPropException">The file would exceed what one array can hold, about 2 GB.</exception>
    public static (byte[] Bytes, int DataOffset) Allocate(
        IReadOnlyList<(string Name, string Dtype, long[] Shape)> tensors,
        IReadOnlyDictionary<string, string> metadata,
        bool cleared = true,
        ReadOnlyMemory<byte>? spare = null)
    {
        ArrayBufferWriter<byte> header = new(256 + 96 * tensors.Count);
        long dataLength = WriteHeader(header, tensors, metadata);
        if (header.WrittenCount > MaxHeaderLength)
        {
            throw new NoPropException($"cannot write a snapshot with a header of {header.WrittenCount} bytes: at most {MaxHeaderLength} are allowed");
        }

        int headerLength = (header.WrittenCount + 7) & ~7;
        int dataOffset = LengthPrefix + headerLength;
        if (dataLength > Array.MaxLength - dataOffset)
        {
            throw new NoPropException($"cannot write a snapshot with {dataLength} bytes of tensors: at most 2 GB fit; use a smaller network");
        }

        int length = dataOffset + (int)dataLength;
        byte[] file = cleared ? new byte[length] : Over(spare, length) ?? GC.AllocateUninitializedArray<byte>(length);
        BinaryPrimitives.WriteInt64LittleEndian(file, headerLength);
        header.WrittenSpan.CopyTo(file.AsSpan(LengthPrefix));
        file.AsSpan(LengthPrefix + header.WrittenCount, headerLength - header.WrittenCount).Fill((byte)' ');
        return (file, dataOffset);
    }

    /// <summary>Bytes of one element, or 0 for a dtype that is not known here.</summary>
    internal static int ElementSize(string? dtype) => dtype switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" => 1,
        _ => 0,
    };

    /// <summary>Bytes of a tensor, or null where a size is negative or the product does not fit 63 bits.</summary>
    internal static long? ByteLength(int elementSize, ReadOnlySpan<long> shape)
    {
        long length = elementSize;
        foreach (long size in shape)
        {
            if (size < 0 || (size > 0 && length > long.MaxValue / size))
            {
                return null;
            }

            length *= size;
        }

        return length;
    }

    private static byte[]? Over(ReadOnlyMemory<byte>? spare, int length) =>
        spare is { } memory && MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> over) && over.Array!.Length == length ? over.Array : null;

    private static long WriteHeader(
        ArrayBufferWriter<byte> header,
        IReadOnlyList<(string Name, string Dtype, long[] Shape)> tensors,
        IReadOnlyDictionary<string, string> metadata)
    {
        using Utf8JsonWriter json = new(header);
        json.WriteStartObject();
        if (metadata.Count > 0)
        {
            json.WriteStartObject(MetadataName);
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        long offset = 0;
        HashSet<string> names = new(tensors.Count, StringComparer.Ordinal) { MetadataName };
        foreach ((string name, string dtype, long[] shape) in tensors)
        {
            long length = Check(names, name, dtype, shape);
            if (length > long.MaxValue - offset)
            {
                throw new NoPropException($"cannot write tensor {name}: together the tensors exceed 2^63 bytes; use a smaller network");
            }

            json.WriteStartObject(name);
            json.WriteString("dtype", dtype);
            WriteNumbers(json, "shape", shape);
            WriteNumbers(json, "data_offsets", [offset, offset + length]);
            json.WriteEndObject();
            offset += length;
        }

        json.WriteEndObject();
        return offset;
    }

    private static long Check(HashSet<string> names, string name, string dtype, long[] shape)
    {
        if (!names.Add(name))
        {
            throw new ArgumentException($"tensor name {name} is repeated or reserved");
        }

        int size = ElementSize(dtype);
        return size == 0
            ? throw new ArgumentException($"tensor {name} has the unknown dtype {dtype}")
            : ByteLength(size, shape) ?? throw new ArgumentException($"tensor {name} has the impossible shape [{string.Join(", ", shape)}]");
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
