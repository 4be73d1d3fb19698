using System.Buffers.Binary;
using System.Numerics;

namespace NoProp.Actors.Serialization;

/// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4), eight bytes at a time.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes and those before them.</summary>
    /// <param name="before">Checksum of what came before; 0 at the beginning.</param>
    /// <param name="bytes">What follows.</param>
    public static uint Append(uint before, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~before;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
