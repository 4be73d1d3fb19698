using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>What the two ends of a link say to each other.</summary>
public abstract record LinkMessage;

/// <summary>Connecting end to whoever accepts links: let us talk. Sent again until it is answered.</summary>
/// <param name="Version">What the sender understands.</param>
/// <param name="Name">Name of the sender's node.</param>
public sealed record LinkHello(WireVersion Version, string Name) : LinkMessage;

/// <summary>Accepting end to connecting end: the sender is your other end.</summary>
public sealed record LinkWelcome : LinkMessage;

/// <summary>Answer to a hello: a node of that name is linked from elsewhere.</summary>
/// <param name="Address">From there.</param>
public sealed record LinkNameTaken(string Address) : LinkMessage;

/// <summary>Answer to a hello: the two nodes would not understand each other.</summary>
/// <param name="Ours">What the node that answers understands.</param>
/// <param name="Theirs">What the node that has asked understands.</param>
public sealed record WireVersionMismatch(WireVersion Ours, WireVersion Theirs) : LinkMessage;

/// <summary>A piece of a message. Those of one lane follow each other; a piece of the other lane may come between them.</summary>
/// <param name="Number">Counts the pieces of both lanes, from 0.</param>
/// <param name="Express">The lane: whether the message may pass others.</param>
/// <param name="Last">Whether the message ends here.</param>
/// <param name="Parts">The bytes, one part after the other.</param>
internal sealed record LinkChunk(long Number, bool Express, bool Last, IReadOnlyList<ReadOnlyMemory<byte>> Parts) : LinkMessage
{
    public int Length => Parts.Sum(part => part.Length);
}

/// <summary>Receiver to sender: so many pieces have come in.</summary>
internal sealed record LinkCredit(long Received) : LinkMessage;

/// <summary>End to end: I am here. What was lost shows by it when nothing follows that would show it.</summary>
/// <param name="Sent">Pieces sent before.</param>
internal sealed record LinkPing(long Sent) : LinkMessage;

/// <summary>Link to its parent: it has ended, and why.</summary>
/// <param name="Reason">One line: what was wrong, where, and what to do.</param>
public sealed record LinkFailed(string Reason);

/// <summary>Link to the sender of a message: it was not sent, and never will be.</summary>
/// <param name="Message">The message.</param>
/// <param name="Reason">One line.</param>
public sealed record LinkRefused(object Message, string Reason);
