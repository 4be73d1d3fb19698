using Akka.Actor;
using Akka.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>Messages between actors of different nodes that can carry snapshots: these as raw bytes behind the message, all of it with a checksum.</summary>
/// <param name="system">The actor system.</param>
public sealed class BulkSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    // Less than a frame by what else is in it: paths, manifests.
    private const int Envelope = 4096;

    private readonly WireCodec codec = WireCodec.Of(system);
    private readonly long limit = (system.Settings.Config.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size") ?? long.MaxValue) - Envelope;

    /// <inheritdoc/>
    public override int Identifier => 7201;

    /// <inheritdoc/>
    public override string Manifest(object o) => o.GetType().Name;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        ReadOnlyMemory<byte>[] parts = [.. codec.Encode(obj)];
        int length = parts.Sum(part => part.Length);
        if (length > limit)
        {
            // Remoting drops what is larger than its frames, and nobody hears of it.
            throw new WireException($"{obj.GetType().Name} has {length} bytes, more than the {limit} that one frame of remoting carries: tell it to a link, which cuts it up");
        }

        byte[] frame = new byte[length];
        int at = 0;
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            part.CopyTo(frame.AsMemory(at));
            at += part.Length;
        }

        return frame;
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => codec.Decode(bytes, direct: true) is { } message && message.GetType().Name == manifest
        ? message
        : throw new WireException($"a frame says that it is '{manifest}', and holds something else");
}
