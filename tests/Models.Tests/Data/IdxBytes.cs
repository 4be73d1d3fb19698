using System.Buffers.Binary;
using System.IO.Compression;

namespace NoProp.Models.Tests.Data;

/// <summary>Makes the contents of IDX files.</summary>
internal static class IdxBytes
{
    public static readonly string[] FileNames =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

    /// <summary>Images whose every pixel is the number of the image.</summary>
    public static byte[] Images(int count, int rows = 28, int columns = 28) =>
    [
        .. Header(0x803, (uint)count, (uint)rows, (uint)columns),
        .. Enumerable.Range(0, count * rows * columns).Select(i => (byte)(i / (rows * columns))),
    ];

    /// <summary>Labels 0, 1, ..., 9, 0, ...</summary>
    public static byte[] Labels(int count) => [.. Header(0x801, (uint)count), .. Enumerable.Range(0, count).Select(i => (byte)(i % 10))];

    public static byte[] Header(params uint[] numbers)
    {
        byte[] bytes = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
        }

        return bytes;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream result = new();
        using (GZipStream gzip = new(result, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return result.ToArray();
    }

    /// <summary>The four files of a set of 5 training and 3 test images.</summary>
    public static void WriteSet(TempFolder folder, string prefix = "", string suffix = "")
    {
        byte[][] contents = [Images(5), Labels(5), Images(3), Labels(3)];
        for (int i = 0; i < contents.Length; i++)
        {
            folder.Write(prefix + FileNames[i] + suffix, suffix == ".gz" ? Gzip(contents[i]) : contents[i]);
        }
    }
}
