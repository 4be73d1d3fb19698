using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Control messages by Hyperion, those on the list alone. It has the name and the number that Akka.Serialization.Hyperion uses, so that one line of
/// HOCON puts that in its place.
/// </summary>
/// <param name="system">The actor system.</param>
public sealed class HyperionSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private readonly WireCodec codec = WireCodec.Of(system);

    /// <summary>Settings under akka.actor.serialization-settings.hyperion are those of Akka's adapter; here nothing of it can be set.</summary>
    public HyperionSerializer(ExtendedActorSystem system, Config settings)
        : this(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => -5;

    /// <inheritdoc/>
    public override string Manifest(object o) => "";

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => codec.EncodePlain(obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => codec.DecodePlain(bytes);
}

/// <summary>Messages that carry snapshots, shared parameters or gradients: these as raw bytes behind the message, all of it with a checksum.</summary>
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
    public override object FromBinary(byte[] bytes, string manifest) => codec.Decode(bytes) is { } message && message.GetType().Name == manifest
        ? message
        : throw new WireException($"a frame says that it is '{manifest}', and holds something else");
}

/// <summary>Stands where Akka's serializer of last resort would instantiate whatever type a message names, and refuses everything.</summary>
/// <param name="system">The actor system.</param>
public sealed class RefusingSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private readonly WireCounters counters = WireCounters.Of(system);

    /// <summary>Akka has settings for its own serializer under the name that this one takes; there is nothing to set here.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : this(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override string Manifest(object o) => "";

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        counters.CountSent();
        throw WireException.OfForbidden(obj.GetType().FullName ?? obj.GetType().Name, "sent");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        WireException refusal = WireException.OfForbidden(manifest, "received");
        counters.CountReceived(refusal);
        throw refusal;
    }
}
