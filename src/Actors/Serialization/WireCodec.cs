using System.Buffers.Binary;
using System.Collections.Immutable;
using Akka.Actor;
using Hyperion;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Makes messages into bytes and back. A frame is: CRC-32C of all that follows u32, bytes of the message proper u32, number of attachments u32,
/// bytes of each attachment u32, the message proper by Hyperion, the attachments. All little-endian. Whatever is large is attached, as the bytes
/// that it is in memory or in a file, and never seen by Hyperion. Safe to use from any thread.
/// </summary>
public sealed class WireCodec : IExtension
{
    private const int Word = sizeof(uint);
    private const int FixedHeader = 3 * Word;
    private const int MostAttachments = 1 << 16;

    private readonly ExtendedActorSystem system;
    private readonly WireCounters counters;
    private readonly Serializer hyperion;

    private WireCodec(ExtendedActorSystem system)
    {
        this.system = system;
        counters = WireCounters.Of(system);
        AllowedTypes allowed = new(WireTypes.Protocol);
        hyperion = new(new SerializerOptions(
            versionTolerance: false,
            preserveObjectReferences: false,
            surrogates: null,
            serializerFactories: [allowed],
            knownTypes: null,
            ignoreISerializable: true,
            packageNameOverrides: null,
            disallowUnsafeTypes: true,
            typeFilter: allowed));
    }

    /// <summary>The codec of an actor system.</summary>
    public static WireCodec Of(ActorSystem system) => system.WithExtension<WireCodec, Provider>();

    /// <summary>The parts of a frame, to be sent one after the other; large ones are the message's own memory.</summary>
    /// <exception cref="WireException">The message, or something in it, is of a type that may not travel.</exception>
    public ImmutableArray<ReadOnlyMemory<byte>> Encode(object message)
    {
        WireStream stream = Serialize(message);
        byte[] header = new byte[FixedHeader + stream.Attachments.Count * Word];
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(Word), (uint)stream.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(2 * Word), (uint)stream.Attachments.Count);
        for (int i = 0; i < stream.Attachments.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(FixedHeader + i * Word), (uint)stream.Attachments[i].Length);
        }

        ImmutableArray<ReadOnlyMemory<byte>> parts = [header, stream.GetBuffer().AsMemory(0, (int)stream.Length), .. stream.Attachments];
        uint crc = Crc32C.Append(0, header.AsSpan(Word));
        BinaryPrimitives.WriteUInt32LittleEndian(header, parts.Skip(1).Aggregate(crc, (before, part) => Crc32C.Append(before, part.Span)));
        return parts;
    }

    /// <summary>The message of a frame. Attachments stay parts of the frame where they can: it must not be changed afterwards.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="direct">Whether it has come from another node as such, and not within a link.</param>
    /// <exception cref="WireException">It is damaged, or names a type that may not travel.</exception>
    public object Decode(ReadOnlyMemory<byte> frame, bool direct = false) => Counting(() =>
    {
        ReadOnlySpan<byte> bytes = frame.Span;
        if (bytes.Length < FixedHeader)
        {
            throw new WireException($"a frame of {bytes.Length} bytes is shorter than its header of {FixedHeader}");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Append(0, bytes[Word..]))
        {
            throw new WireException($"the checksum of a frame of {bytes.Length} bytes does not fit: it was altered on its way");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[Word..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 * Word)..]);
        long at = FixedHeader + (long)count * Word;
        if (count > MostAttachments || at + length > bytes.Length)
        {
            throw new WireException($"a frame of {bytes.Length} bytes claims a message of {length} bytes and {count} attachments");
        }

        ReadOnlyMemory<byte> message = frame.Slice((int)at, (int)length);
        at += length;
        ImmutableArray<ReadOnlyMemory<byte>>.Builder attachments = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>((int)count);
        for (int i = 0; i < count; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(FixedHeader + i * Word)..]);
            if (at + size > bytes.Length)
            {
                throw new WireException($"attachment {i} claims {size} bytes, where {bytes.Length - at} are left of the frame");
            }

            attachments.Add(frame.Slice((int)at, (int)size));
            at += size;
        }

        return at == bytes.Length
            ? Deserialize(message.ToArray(), attachments.MoveToImmutable(), direct)
            : throw new WireException($"a frame of {bytes.Length} bytes ends after {at}");
    });

    /// <summary>A message that nothing is attached to, as Hyperion alone writes it.</summary>
    /// <exception cref="WireException">The message is of a type that may not travel, or not this way.</exception>
    internal byte[] EncodePlain(object message)
    {
        WireStream stream = Serialize(message);
        return stream.Attachments.Count == 0
            ? stream.ToArray()
            : throw new WireException($"{message.GetType().Name} carries bytes beside the message: bind it to the serializer 'noprop-bulk' in akka.actor.serialization-bindings");
    }

    /// <summary>The message of <see cref="EncodePlain"/>.</summary>
    /// <exception cref="WireException">The bytes are damaged, or name a type that may not travel.</exception>
    internal object DecodePlain(byte[] bytes, bool direct = false) => Counting(() => Deserialize(bytes, [], direct));

    private WireStream Serialize(object message)
    {
        try
        {
            if (!WireTypes.Protocol.Messages.Contains(message.GetType()))
            {
                throw WireException.OfForbidden(message.GetType().FullName ?? message.GetType().Name, "sent as a message");
            }

            WireStream stream = new(system);
            hyperion.Serialize(message, stream);
            return stream;
        }
        catch (Exception e) when (Refusal(e) is { } refusal)
        {
            counters.CountSent();
            throw refusal;
        }
    }

    private object Deserialize(byte[] message, ImmutableArray<ReadOnlyMemory<byte>> attachments, bool direct)
    {
        WireScan.Check(WireTypes.Protocol, message, attachments, direct);
        return hyperion.Deserialize(new WireStream(system, message, attachments));
    }

    private object Counting(Func<object> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            WireException refusal = Refusal(e) ?? new WireException($"a message cannot be read: {e.Message.Split('\n')[0].Trim()}", e);
            counters.CountReceived(refusal);
            throw refusal;
        }
    }

    // Hyperion wraps what its parts throw, level by level.
    private static WireException? Refusal(Exception? e)
    {
        while (e is not null and not WireException)
        {
            e = e.InnerException;
        }

        return (WireException?)e;
    }

    private sealed class Provider : ExtensionIdProvider<WireCodec>
    {
        public override WireCodec CreateExtension(ExtendedActorSystem system) => new(system);
    }
}
