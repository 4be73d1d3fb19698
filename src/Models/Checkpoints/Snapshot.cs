namespace NoProp.Models.Checkpoints;

/// <summary>
/// The complete state of one block, or of the head, after <paramref name="Clock"/> steps: weights, running statistics and optimiser
/// moments. Immutable, and the same bytes in memory, in a file and on the wire.
/// </summary>
/// <param name="Name">Owner and file name: <c>block-07</c> or <c>head</c>.</param>
/// <param name="Clock">Steps that the owner has trained.</param>
/// <param name="Safetensors">A whole file in the safetensors format.</param>
public sealed record Snapshot(string Name, long Clock, ReadOnlyMemory<byte> Safetensors);
