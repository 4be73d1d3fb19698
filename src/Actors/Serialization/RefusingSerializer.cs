using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>Stands where Akka's serializer of last resort would instantiate whatever type a message names, and refuses everything.</summary>
/// <param name="system">The actor system.</param>
public class RefusingSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
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
    public override object FromBinary(byte[] bytes, string? manifest)
    {
        WireException refusal = WireException.OfForbidden(GuardedSerializer.Printable(manifest ?? ""), "received");
        counters.CountReceived(refusal);
        throw refusal;
    }
}
