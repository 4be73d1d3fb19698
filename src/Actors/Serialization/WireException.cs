using System.Runtime.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>A message that cannot be sent, or bytes that are no message. The line says what is wrong; whoever sent it is not believed in anything else.</summary>
public sealed class WireException : SerializationException
{
    /// <inheritdoc cref="WireException"/>
    public WireException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="WireException"/>
    public WireException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The type that may not travel, where that is what is wrong.</summary>
    public string? Forbidden { get; private init; }

    /// <summary>A message that comes from the other end of a link or from nobody.</summary>
    /// <param name="type">Its name.</param>
    public static WireException OfLinked(string type) => new($"'{type}' travels within links, and was told to an actor of this node outside of one") { Forbidden = type };

    /// <summary>A type that is not on the list of those that may travel.</summary>
    /// <param name="type">Its name.</param>
    /// <param name="way">Which way it was to go: <c>sent</c> or <c>received</c>.</param>
    public static WireException OfForbidden(string type, string way) =>
        new($"the type '{type}' may not be {way}: only the messages of NoProp.Actors.Protocol and what they are made of travel between nodes") { Forbidden = type };
}
