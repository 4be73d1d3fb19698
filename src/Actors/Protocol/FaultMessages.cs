using System.Collections.Immutable;

namespace NoProp.Actors.Protocol;

// Whoever injects faults, and the nodes that were started to allow it. Other nodes have nobody to whom these could be told.

/// <summary>What a node can be told to suffer.</summary>
public enum NodeFault
{
    /// <summary>Nothing passes between it and some nodes.</summary>
    CutOff,

    /// <summary>The head throws once.</summary>
    HeadFails,
}

/// <summary>To a node that allows faults. Answered with <see cref="FaultInjected"/> or <see cref="FaultRefused"/>.</summary>
/// <param name="Key">The key with which the node was started.</param>
/// <param name="Fault">What.</param>
/// <param name="From">From whom it is cut off, each HOST:PORT.</param>
/// <param name="For">How long.</param>
public sealed record InjectFault(string Key, NodeFault Fault, ImmutableArray<string> From, TimeSpan For) : INodeMessage;

/// <summary>It is done.</summary>
public sealed record FaultInjected : INodeMessage;

/// <summary>It is not done.</summary>
public sealed record FaultRefused(string Reason) : INodeMessage;
