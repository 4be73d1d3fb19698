using Akka.Actor;

namespace NoProp.Actors.Serialization;

/// <summary>What the serializers of an actor system have refused since its start. Safe to read from any thread.</summary>
public sealed class WireCounters : IExtension
{
    private long sent;
    private long received;
    private long damaged;
    private volatile string lastReason = "";

    /// <summary>Messages that were to be sent and hold a type that is not on the list.</summary>
    public long ForbiddenSent => Interlocked.Read(ref sent);

    /// <summary>Messages that came in and name a type that is not on the list.</summary>
    public long ForbiddenReceived => Interlocked.Read(ref received);

    /// <summary>Bytes that came in and are no message: cut off, altered, or with lengths that do not fit.</summary>
    public long Damaged => Interlocked.Read(ref damaged);

    /// <summary>Why the last of those that came in was refused, one line.</summary>
    public string LastReason => lastReason;

    /// <summary>The counters of an actor system.</summary>
    public static WireCounters Of(ActorSystem system) => system.WithExtension<WireCounters, Provider>();

    internal void CountSent() => Interlocked.Increment(ref sent);

    internal void CountReceived(WireException refusal)
    {
        Interlocked.Increment(ref refusal.Forbidden is null ? ref damaged : ref received);
        lastReason = refusal.Message;
    }

    private sealed class Provider : ExtensionIdProvider<WireCounters>
    {
        public override WireCounters CreateExtension(ExtendedActorSystem system) => new();
    }
}
