using System.Buffers.Binary;
using System.IO.Compression;
using NoProp.Models.Data.Files;

namespace NoProp.Models.Data;

/// <summary>Images and labels as they lie in a pair of IDX files.</summary>
/// <param name="Rows">Height of every image.</param>
/// <param name="Columns">Width of every image.</param>
/// <param name="Pixels">Image after image, each row by row.</param>
/// <param name="Labels">One for each image.</param>
public sealed record IdxSplit(int Rows, int Columns, byte[] Pixels, byte[] Labels);

/// <summary>
/// Reads the IDX format of MNIST: a big-endian magic number and sizes, then uint8 values. A file may be plain or gzip; its first bytes
/// decide, not its name. Files come from anywhere, so nothing that one claims is believed before its bytes are there.
/// </summary>
public static class Idx
{
    /// <summary>The most bytes of values that a file may claim to hold. MNIST's training images are 47 MB.</summary>
    public const long MaxBytes = 1L << 30;

    private const uint ImagesMagic = 0x00000803;
    private const uint LabelsMagic = 0x00000801;
    private const int FirstAllocation = 1 << 20;
    private const string Remedy = "replace it with a good copy (`noprop data get` fetches one)";

    /// <summary>Reads a file of images and the file of their labels.</summary>
    /// <param name="imagesPath">uint8 images: magic 0x00000803, then count, rows, columns.</param>
    /// <param name="labelsPath">uint8 labels: magic 0x00000801, then count.</param>
    /// <param name="classes">Every label must be below this.</param>
    /// <exception cref="NoPropException">A file is missing or damaged, or the two do not fit together.</exception>
    public static IdxSplit Read(string imagesPath, string labelsPath, int classes)
    {
        (int[] imageSizes, byte[] pixels) = Read(imagesPath, ImagesMagic);
        (int[] labelSizes, byte[] labels) = Read(labelsPath, LabelsMagic);
        if (imageSizes[0] != labelSizes[0])
        {
            throw new NoPropException(
                $"{imagesPath} holds {imageSizes[0]} images, but {labelsPath} holds {labelSizes[0]} labels: use two files of the same set");
        }

        int bad = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        if (bad >= 0)
        {
            throw new NoPropException(
                $"{labelsPath}: expected labels from 0 to {classes - 1}, found {labels[bad]} at position {bad}; {Remedy}");
        }

        return new IdxSplit(imageSizes[1], imageSizes[2], pixels, labels);
    }

    private static (int[] Sizes, byte[] Values) Read(string path, uint magic)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> start = stackalloc byte[2];
            bool gzip = file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1f, 0x8b];
            uint gzipLength = Gzip.LengthBeforeCompression(file);
            using Stream stream = gzip ? new GZipStream(file, CompressionMode.Decompress) : file;
            int[] sizes = ReadHeader(stream, path, magic);
            byte[] values = ReadValues(stream, path, sizes);

            if (gzip && gzipLength != HeaderBytes(magic) + values.Length)
            {
                throw new NoPropException($"{path}: expected a whole gzip file, found one that is cut or has bytes after its end; {Remedy}");
            }

            return (sizes, values);
        }
        catch (InvalidDataException e)
        {
            throw new NoPropException($"{path}: expected gzip data, found damage ({e.Message.TrimEnd('.')}); {Remedy}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NoPropException($"{path}: expected an IDX file, found nothing; {Remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path}: expected a readable file, found {e.Message.TrimEnd('.')}; check its permissions", e);
        }
    }

    private static int[] ReadHeader(Stream stream, string path, uint magic)
    {
        Span<byte> header = stackalloc byte[16];
        header = header[..HeaderBytes(magic)];
        int found = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        uint foundMagic = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (found >= 4 && foundMagic != magic)
        {
            throw new NoPropException($"{path}: expected {Describe(magic)}, found {Describe(foundMagic)}; name the right file or {Remedy}");
        }

        if (found < header.Length)
        {
            throw new NoPropException($"{path}: expected a header of {header.Length} bytes, found {found} bytes in all; {Remedy}");
        }

        uint[] claimed = new uint[Dimensions(magic)];
        UInt128 bytes = 1;
        for (int i = 0; i < claimed.Length; i++)
        {
            claimed[i] = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + (4 * i))..]);
            bytes *= claimed[i];
        }

        string sizes = string.Join(" x ", claimed);
        if (bytes == 0)
        {
            throw new NoPropException($"{path}: expected at least one value, found a header that claims {sizes}; {Remedy}");
        }

        if (bytes > (UInt128)MaxBytes)
        {
            throw new NoPropException(
                $"{path}: expected at most {MaxBytes} bytes, found a header that claims {sizes} = {bytes}; {Remedy}");
        }

        return Array.ConvertAll(claimed, size => (int)size);
    }

    private static byte[] ReadValues(Stream stream, string path, int[] sizes)
    {
        int expected = sizes.Aggregate((a, b) => a * b);
        byte[] values = new byte[Math.Min(expected, FirstAllocation)];
        int found = 0;
        while (found < expected)
        {
            if (found == values.Length)
            {
                Array.Resize(ref values, (int)Math.Min(expected, 2L * values.Length));
            }

            int read = stream.Read(values, found, values.Length - found);
            if (read == 0)
            {
                throw new NoPropException($"{path}: expected {expected} bytes after the header, found only {found}; {Remedy}");
            }

            found += read;
        }

        if (stream.ReadByte() >= 0)
        {
            throw new NoPropException($"{path}: expected {expected} bytes after the header, found more; {Remedy}");
        }

        return values;
    }

    private static int Dimensions(uint magic) => (int)(magic & 0xff);

    private static int HeaderBytes(uint magic) => 4 + (4 * Dimensions(magic));

    private static string Describe(uint magic) => magic switch
    {
        ImagesMagic => $"an IDX file of uint8 images (magic 0x{magic:x8})",
        LabelsMagic => $"an IDX file of uint8 labels (magic 0x{magic:x8})",
        _ => $"a file that begins with 0x{magic:x8}",
    };
}
