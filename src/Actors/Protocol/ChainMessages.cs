using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Inference;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Protocol;

// Whoever answers requests with a chain that is spread over nodes, and the worker nodes that have blocks of it. All but the first travel within a
// link between the two.

/// <summary>To the singleton, which passes it on to every worker: answer for some blocks of a chain. Repeated for those who come later.</summary>
/// <param name="Links">Accepts the link of a worker's node; on the node that asks.</param>
public sealed record HostChain(IActorRef Links) : INodeMessage;

/// <summary>From a node: it can have blocks.</summary>
/// <param name="Worker">Its name, which the link knows better.</param>
/// <param name="Slots">Blocks that it trains at once, the measure of its share.</param>
public sealed record ChainOffered(string Worker, int Slots);

/// <summary>To a node: the network.</summary>
/// <param name="Run">Name of the run that it is of.</param>
/// <param name="Settings">The run's settings as HOCON.</param>
/// <param name="Data">What it is trained on.</param>
public sealed record ChainModel(string Run, string Settings, DataDescription Data);

/// <summary>From a node: it knows the network.</summary>
public sealed record ChainReady;

/// <summary>To a node: answer for these blocks and no others, once their states have come.</summary>
/// <param name="Layout">Counts what this node was told to answer for.</param>
/// <param name="First">First block, 1..T.</param>
/// <param name="Last">Last block; below the first for none.</param>
public sealed record ChainRange(long Layout, int First, int Last);

/// <summary>To a node: a newer state of one of its blocks, or of the head.</summary>
public sealed record ChainState(Snapshot Snapshot);

/// <summary>From a node: it has the state.</summary>
/// <param name="Layout">Of the range that it answered for when the state came.</param>
/// <param name="Name">Of a block, or the head.</param>
public sealed record ChainStateTaken(long Layout, string Name);

/// <summary>To a node: images that are about to be asked for.</summary>
/// <param name="Batch">Names them.</param>
/// <param name="Count">Images n.</param>
/// <param name="Input">Network input, [n, channels, height, width] as little-endian float32.</param>
public sealed record ChainImages(long Batch, int Count, ReadOnlyMemory<byte> Input);

/// <summary>To a node: nobody asks for these images any more.</summary>
public sealed record ChainImagesOver(long Batch);

/// <summary>To a node: take z on through as many blocks as you have. Answered with <see cref="ChainPassed"/> or <see cref="ChainStopped"/>.</summary>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="Batch">The images.</param>
/// <param name="From">First block to pass.</param>
/// <param name="Z">z before it, [n, d] as little-endian float32.</param>
/// <param name="Noise">Random numbers of the rows.</param>
/// <param name="Options">How far, and what is wanted on the way.</param>
/// <param name="Sure">Images of which some block before was sure enough.</param>
public sealed record ChainAsked(
    long Id, long Batch, int From, ReadOnlyMemory<byte> Z, ImmutableArray<NoiseRows> Noise, ChainOptions Options, ImmutableArray<int> Sure);

/// <summary>From a node: z after its blocks.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Blocks">The blocks passed, in order.</param>
/// <param name="Z">z after each of them, [blocks, n, d].</param>
/// <param name="Steps">Steps seen within them.</param>
/// <param name="StepZ">z after each of those, [steps, n, d].</param>
/// <param name="Sure">Images of which some block was sure enough.</param>
/// <param name="Over">Whether the chain ends here though blocks are left.</param>
public sealed record ChainPassed(
    long Id, ImmutableArray<ChainBlock> Blocks, ReadOnlyMemory<byte> Z, ImmutableArray<ChainStep> Steps, ReadOnlyMemory<byte> StepZ, ImmutableArray<int> Sure, bool Over);

/// <summary>A block passed.</summary>
/// <param name="Version">Its clock.</param>
/// <param name="Time">How long it took.</param>
public readonly record struct ChainBlock(long Version, TimeSpan Time);

/// <summary>A step within a block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Step">Its step, from 1.</param>
public readonly record struct ChainStep(int Block, int Step);

/// <summary>From a node: the request stops here.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Reason">One line.</param>
public sealed record ChainStopped(long Id, string Reason);
