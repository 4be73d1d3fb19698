using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using NoProp.Actors.Policies;
using NoProp.Actors.Serialization;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>
/// <c>replay.log</c>, byte by byte. Header: "NPRL", format version u16, blocks u16, seed u64, checksum u32. Then records: kind u8, length of
/// the content u16, content, checksum u32. Numbers in the content are LEB128, policies UTF-8 JSON, everything else little-endian. A checksum
/// is CRC-32C over all that came before it, so that a record that is changed, moved or missing is found where it stands.
/// </summary>
internal static class ReplayFormat
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = 20;

    private const ushort Version = 1;
    private const int FrameSize = 7;
    private const int LongestContent = ushort.MaxValue;

    private static readonly byte[] Magic = "NPRL"u8.ToArray();

    private enum Kind : byte
    {
        Session = 1,
        Switch = 2,
        Taken = 3,
        Unheard = 4,
        Back = 5,
        Lost = 6,
    }

    /// <summary>The header.</summary>
    public static byte[] Header(ulong seed, int blocks)
    {
        byte[] header = new byte[HeaderSize];
        Magic.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), checked((ushort)blocks));
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), seed);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Crc32C.Append(0, header.AsSpan(0, 16)));
        return header;
    }

    /// <summary>What a header says; null where it is none, or damaged.</summary>
    public static (ulong Seed, int Blocks, uint Checksum)? ReadHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderSize || !file[..4].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt16LittleEndian(file[4..]) != Version)
        {
            return null;
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(file[16..]);
        return checksum == Crc32C.Append(0, file[..16])
            ? (BinaryPrimitives.ReadUInt64LittleEndian(file[8..]), BinaryPrimitives.ReadUInt16LittleEndian(file[6..]), checksum)
            : null;
    }

    /// <summary>A record.</summary>
    /// <param name="entry">What it says.</param>
    /// <param name="checksum">Checksum of the record before it; becomes this one's.</param>
    public static byte[] Record(ReplayEntry entry, ref uint checksum)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write((byte)0);
        writer.Write((ushort)0);
        Kind kind = WriteContent(entry, writer);
        int length = (int)stream.Length - 3;
        if (length > LongestContent)
        {
            throw new NoPropException($"policies of {length} bytes do not fit into a record of replay.log: the names must be shorter");
        }

        Span<byte> head = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        head[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(head[1..], (ushort)length);
        checksum = Crc32C.Append(checksum, head);
        writer.Write(checksum);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>The record at the beginning of some bytes.</summary>
    /// <param name="bytes">What is left of the file, not empty.</param>
    /// <param name="checksum">Checksum of the record before it; becomes this one's.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="fault">What is wrong with it; null where nothing is.</param>
    /// <param name="torn">Whether the file ends before it does.</param>
    public static ReplayEntry? Read(ReadOnlySpan<byte> bytes, ref uint checksum, out int size, out string? fault, out bool torn)
    {
        (fault, torn, size) = (null, false, bytes.Length < 3 ? int.MaxValue : FrameSize + BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]));
        if (size > bytes.Length)
        {
            (fault, torn) = ("the file ends in the middle of it", true);
            return null;
        }

        ReadOnlySpan<byte> content = bytes[3..(size - 4)];
        ReplayEntry? entry = TryRead((Kind)bytes[0], content.ToArray());
        uint expected = Crc32C.Append(checksum, bytes[..(size - 4)]);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(size - 4)..]);
        if (checksum != expected)
        {
            fault = $"its checksum does not fit; it reads {entry?.ToString() ?? "no entry"}";
            return null;
        }

        fault = entry is null ? $"it is of kind {bytes[0]}, which this version does not know" : null;
        return entry;
    }

    private static Kind WriteContent(ReplayEntry entry, BinaryWriter writer)
    {
        switch (entry)
        {
            case ReplayEntry.Session session:
                Write(session.Policies);
                return Kind.Session;
            case ReplayEntry.Switch switched:
                writer.Write7BitEncodedInt64(switched.Fence);
                Write(switched.Policies);
                return Kind.Switch;
            case ReplayEntry.Taken taken:
                WriteStep(taken.Block, taken.Step, taken.Version, taken.Epoch);
                return Kind.Taken;
            case ReplayEntry.Unheard unheard:
                WriteStep(unheard.Block, unheard.Step, unheard.Version, unheard.Epoch);
                return Kind.Unheard;
            case ReplayEntry.Back back:
                writer.Write7BitEncodedInt64(back.Entries);
                Write(back.Policies);
                return Kind.Back;
            case ReplayEntry.Lost:
                return Kind.Lost;
            default:
                throw new ArgumentOutOfRangeException(nameof(entry), entry, "no entry of the log");
        }

        void Write(PolicySettings policies) => writer.Write(JsonSerializer.SerializeToUtf8Bytes(policies));

        void WriteStep(BlockId block, long step, long version, long epoch)
        {
            writer.Write7BitEncodedInt(block.Value);
            writer.Write7BitEncodedInt64(step);
            writer.Write7BitEncodedInt64(version);
            writer.Write7BitEncodedInt64(epoch);
        }
    }

    private static ReplayEntry? TryRead(Kind kind, byte[] content)
    {
        using BinaryReader reader = new(new MemoryStream(content));
        try
        {
            return kind switch
            {
                Kind.Session => new ReplayEntry.Session(Policies()),
                Kind.Switch => new ReplayEntry.Switch(reader.Read7BitEncodedInt64(), Policies()),
                Kind.Taken => new ReplayEntry.Taken(Block(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64()),
                Kind.Unheard => new ReplayEntry.Unheard(Block(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64()),
                Kind.Back => new ReplayEntry.Back(reader.Read7BitEncodedInt64(), Policies()),
                Kind.Lost => new ReplayEntry.Lost(),
                _ => null,
            };
        }
        catch (Exception e) when (e is IOException or FormatException or JsonException)
        {
            return null;
        }

        BlockId Block() => new(reader.Read7BitEncodedInt());

        PolicySettings Policies() =>
            JsonSerializer.Deserialize<PolicySettings>(Encoding.UTF8.GetString(content, (int)reader.BaseStream.Position, content.Length - (int)reader.BaseStream.Position))
                is { Assemblies.Paths.IsDefault: false } policies ? policies : throw new JsonException("no policies");
    }
}
