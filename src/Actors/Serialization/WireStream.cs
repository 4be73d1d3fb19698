using System.Collections.Immutable;
using Akka.Actor;

namespace NoProp.Actors.Serialization;

/// <summary>The bytes of one message, and what travels beside it. Hyperion hands the stream through to every value, so that nothing need be kept elsewhere.</summary>
internal sealed class WireStream : MemoryStream
{
    private readonly List<ReadOnlyMemory<byte>> written = [];
    private readonly ImmutableArray<ReadOnlyMemory<byte>> read = [];

    /// <summary>A stream to write to.</summary>
    public WireStream(ExtendedActorSystem system) => System = system;

    /// <summary>A stream to read from.</summary>
    public WireStream(ExtendedActorSystem system, byte[] bytes, ImmutableArray<ReadOnlyMemory<byte>> attachments)
        : base(bytes, writable: false) => (System, read) = (system, attachments);

    /// <summary>Where paths of actors are resolved.</summary>
    public ExtendedActorSystem System { get; }

    /// <summary>What was attached.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Attachments => written;

    /// <summary>Attaches bytes, which stay as they are until they are sent.</summary>
    /// <returns>Their number.</returns>
    public int Attach(ReadOnlyMemory<byte> bytes)
    {
        written.Add(bytes);
        return written.Count - 1;
    }

    /// <summary>An attachment by its number.</summary>
    public ReadOnlyMemory<byte> Attachment(int index) => read[index];
}
