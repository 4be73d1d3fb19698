using System.Buffers.Binary;
using System.Text;
using Akka.Actor;
using Akka.Serialization;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>
/// What links say to each other, in fixed fields, little-endian. A hello and the answer to one of another version stay as they are in every version
/// to come.
/// </summary>
/// <param name="system">The actor system.</param>
public sealed class LinkSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const int ChunkHeader = 9;
    private const int VersionSize = 8;
    private const int LongestText = 1024;
    private const byte ExpressFlag = 1;
    private const byte LastFlag = 2;

    private readonly WireCounters counters = WireCounters.Of(system);

    /// <inheritdoc/>
    public override int Identifier => 7202;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        LinkChunk => "C",
        LinkCredit => "A",
        LinkPing => "P",
        LinkHello => "H",
        LinkWelcome => "W",
        LinkNameTaken => "N",
        WireVersionMismatch => "V",
        _ => throw WireException.OfForbidden(o.GetType().FullName!, "sent between links"),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        switch (obj)
        {
            case LinkChunk chunk:
                return Write(chunk);
            case LinkCredit credit:
                return Write(credit.Received);
            case LinkPing ping:
                return Write(ping.Sent);
            case LinkHello hello:
                return [.. Write(hello.Version), .. Encoding.UTF8.GetBytes(hello.Name)];
            case LinkNameTaken taken:
                return Encoding.UTF8.GetBytes(taken.Address);
            case WireVersionMismatch mismatch:
                return [.. Write(mismatch.Ours), .. Write(mismatch.Theirs)];
            default:
                return [];
        }
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string? manifest) => manifest switch
    {
        "C" when bytes.Length >= ChunkHeader => new LinkChunk(
            BinaryPrimitives.ReadInt64LittleEndian(bytes), (bytes[8] & ExpressFlag) != 0, (bytes[8] & LastFlag) != 0, [bytes.AsMemory(ChunkHeader)]),
        "A" when bytes.Length == sizeof(long) => new LinkCredit(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
        "P" when bytes.Length == sizeof(long) => new LinkPing(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
        "H" when bytes.Length is >= VersionSize and <= VersionSize + LongestText => new LinkHello(ReadVersion(bytes), Encoding.UTF8.GetString(bytes, VersionSize, bytes.Length - VersionSize)),
        "W" => new LinkWelcome(),
        "N" when bytes.Length <= LongestText => new LinkNameTaken(Encoding.UTF8.GetString(bytes)),
        "V" when bytes.Length == 2 * VersionSize => new WireVersionMismatch(ReadVersion(bytes), ReadVersion(bytes.AsSpan(VersionSize))),
        _ => throw Damaged(bytes, manifest ?? ""),
    };

    private static byte[] Write(LinkChunk chunk)
    {
        byte[] bytes = new byte[ChunkHeader + chunk.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, chunk.Number);
        bytes[8] = (byte)((chunk.Express ? ExpressFlag : 0) | (chunk.Last ? LastFlag : 0));
        int at = ChunkHeader;
        foreach (ReadOnlyMemory<byte> part in chunk.Parts)
        {
            part.CopyTo(bytes.AsMemory(at));
            at += part.Length;
        }

        return bytes;
    }

    private static byte[] Write(long number)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Write(WireVersion version)
    {
        byte[] bytes = new byte[VersionSize];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, version.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(sizeof(int)), version.Shape);
        return bytes;
    }

    private static WireVersion ReadVersion(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(int)..]));

    private WireException Damaged(byte[] bytes, string manifest)
    {
        WireException damaged = new($"{bytes.Length} bytes are no message '{GuardedSerializer.Printable(manifest.Length > 8 ? manifest[..8] : manifest)}' between links");
        counters.CountReceived(damaged);
        return damaged;
    }
}
