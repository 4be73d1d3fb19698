namespace NoProp.Actors.Cluster;

/// <summary>How a node's time in the cluster ended.</summary>
/// <param name="Kind">How.</param>
/// <param name="Reason">The same for people: who ended it and why, one line.</param>
public sealed record NodeEnd(NodeEndKind Kind, string Reason);

/// <summary>How a node's time in the cluster ended.</summary>
public enum NodeEndKind
{
    /// <summary>It left, as asked.</summary>
    Left,

    /// <summary>The others, or itself on their behalf, removed it: it was cut off or too slow to answer.</summary>
    Downed,

    /// <summary>A handshake with a node that it called failed: one of the two does not trust the other, or the other stopped in the middle of it.</summary>
    Refused,

    /// <summary>Its actor system ended for another reason.</summary>
    Stopped,
}
