using System.Collections.Immutable;
using NoProp.Models.Data;

namespace NoProp.Actors.Protocol;

// Whoever answers requests with a run in training on another node, the singleton, and what keeps the run's newest states.

/// <summary>To the singleton: which states are there? Answered with <see cref="PublishedStates"/>, <see cref="RunNotThere"/> or <see cref="RunNews"/> of its end.</summary>
/// <param name="Run">Name of the run; null for the one in training.</param>
public sealed record GetPublished(string? Run) : INodeMessage;

/// <summary>These.</summary>
/// <param name="Run">Name of the run.</param>
/// <param name="Settings">Its settings as HOCON.</param>
/// <param name="Data">What it is trained on.</param>
/// <param name="ClassNames">Name of each class.</param>
/// <param name="States">The newest state of each block and of the head, where there is one.</param>
public sealed record PublishedStates(string Run, string Settings, DataDescription Data, ImmutableArray<string> ClassNames, ImmutableArray<PublishedState> States) : INodeMessage;

/// <summary>A state that can be asked for.</summary>
/// <param name="Name">Of a block, or the head.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Length">Bytes.</param>
public sealed record PublishedState(string Name, long Clock, long Length);

/// <summary>To the singleton: a part of a state. Answered with <see cref="StatePart"/>, <see cref="RunNotThere"/> or <see cref="RunNews"/> of its end.</summary>
/// <param name="Run">Name of the run.</param>
/// <param name="Name">Of a block, or the head.</param>
/// <param name="Clock">Of the state, as it was published.</param>
/// <param name="From">First byte of the part.</param>
public sealed record GetStatePart(string Run, string Name, long Clock, long From) : INodeMessage;

/// <summary>A part of a state, small enough for one message; without bytes where the state is not kept any more.</summary>
/// <param name="Name">Of a block, or the head.</param>
/// <param name="Clock">Of the state.</param>
/// <param name="From">First byte of the part.</param>
/// <param name="Bytes">The bytes.</param>
public sealed record StatePart(string Name, long Clock, long From, ReadOnlyMemory<byte> Bytes) : INodeMessage;
