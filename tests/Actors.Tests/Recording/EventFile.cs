using System.Buffers.Binary;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

/// <summary>TensorBoard's event files: each record is its length, the length's masked CRC-32C, the data, the data's masked CRC-32C.</summary>
internal static class EventFile
{
    /// <summary>The records' data; fails where a record is not whole.</summary>
    public static List<byte[]> Records(ReadOnlySpan<byte> file)
    {
        List<byte[]> records = [];
        while (file.Length > 0)
        {
            Assert.True(file.Length >= 12, "the file ends within a record's head");
            Assert.Equal(Masked(file[..8]), BinaryPrimitives.ReadUInt32LittleEndian(file[8..]));
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
            Assert.True(file.Length >= 12 + length + 4, "the file ends within a record");
            ReadOnlySpan<byte> data = file.Slice(12, length);
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file[(12 + length)..]));
            records.Add(data.ToArray());
            file = file[(12 + length + 4)..];
        }

        return records;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in bytes)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0x82F63B78 & (0 - (crc & 1)));
            }
        }

        crc = ~crc;
        return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
    }
}
