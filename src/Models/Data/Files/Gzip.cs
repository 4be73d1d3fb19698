using System.Buffers.Binary;

namespace NoProp.Models.Data.Files;

/// <summary>What .NET's decoder leaves unchecked: it accepts a file cut inside the gzip trailer, and then nothing has checked the values.</summary>
internal static class Gzip
{
    private const int TrailerBytes = 4;

    /// <summary>What the trailer says of the length before compression, modulo 2^32. Leaves the file's position at its start.</summary>
    public static uint LengthBeforeCompression(FileStream file)
    {
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        file.Position = Math.Max(0, file.Length - trailer.Length);
        file.ReadAtLeast(trailer, trailer.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return BinaryPrimitives.ReadUInt32LittleEndian(trailer);
    }
}
