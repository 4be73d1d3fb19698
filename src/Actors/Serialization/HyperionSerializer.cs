using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>
/// Control messages between actors of different nodes by Hyperion, those on the list alone. It has the name and the number that Akka.Serialization.Hyperion uses, so that one line of
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
    public override object FromBinary(byte[] bytes, string manifest) => codec.DecodePlain(bytes, direct: true);
}
