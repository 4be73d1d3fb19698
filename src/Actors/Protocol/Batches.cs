using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Protocol;

// Blocks and the data loader; the data loader and the node that has the images.

/// <summary>Block to loader: the sender wants the mini-batch of this step, and will release it.</summary>
/// <param name="Step">The step.</param>
/// <param name="Device">The device that it is wanted on.</param>
public sealed record RequestBatch(long Step, ComputeDevice Device = default);

/// <summary>Loader to block: here it is. Shared with the other blocks on the device: read it, do not change or dispose of it.</summary>
public sealed record BatchReady(Batch Batch);

/// <summary>Block to loader: the sender is done with it.</summary>
public sealed record ReleaseBatch(long Step);

/// <summary>Loader to block: there will be no such mini-batch.</summary>
/// <param name="Step">The step asked for.</param>
/// <param name="Reason">One line: who has waited for whom, or what was wrong with what came.</param>
public sealed record BatchFailed(long Step, string Reason);

/// <summary>Loader to the trainer's node: the images of the mini-batch of this step are wanted.</summary>
public sealed record RequestImages(long Step);

/// <summary>Trainer's node to loader: here they are, as they are in the data set.</summary>
/// <param name="Step">The step.</param>
/// <param name="Pixels">uint8 [b, channels, height, width].</param>
/// <param name="Labels">int64 [b], little-endian.</param>
public sealed record ImagesReady(long Step, ReadOnlyMemory<byte> Pixels, ReadOnlyMemory<byte> Labels);
