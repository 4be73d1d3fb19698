using System.Text.RegularExpressions;

namespace NoProp.Models;

/// <summary>
/// The number t of a denoising block, 1 (nearest to pure noise) to T (nearest to the label). Where each block has replicas, all of them are
/// numbered through, block by block, and each is one that is trained apart.
/// </summary>
public readonly partial record struct BlockId(int Value)
{
    /// <summary>Replicas of each block; it gives the number its name and no more.</summary>
    public int Replicas { get; init; }

    /// <summary>The blocks 1..<paramref name="count"/> in order.</summary>
    public static IEnumerable<BlockId> UpTo(int count) => UpTo(count, replicas: 1);

    /// <summary>The replicas of some blocks in order.</summary>
    /// <param name="count">All of them together.</param>
    /// <param name="replicas">Replicas of each block.</param>
    public static IEnumerable<BlockId> UpTo(int count, int replicas) => Enumerable.Range(1, count).Select(t => new BlockId(t) { Replicas = replicas });

    /// <summary>Whether a snapshot of this name is of one replica of a block.</summary>
    public static bool IsReplica(string name) => ReplicaName().IsMatch(name);

    /// <summary>Position in an array of all that is trained apart: the number less one.</summary>
    public int Index => Value - 1;

    /// <summary>The block that this is a replica of; the block itself where there are no replicas.</summary>
    public BlockId Block => Replicas > 1 ? new(Index / Replicas + 1) : new(Value);

    /// <summary>Which replica of the block it is, from 0.</summary>
    public int Replica => Replicas > 1 ? Index % Replicas : 0;

    /// <summary>Name of its files: <c>block-07</c>, or <c>block-07-r2</c> for the second replica.</summary>
    public string FileName => Replicas > 1 ? $"{Block.FileName}-r{Replica + 1}" : $"block-{Value:00}";

    /// <inheritdoc/>
    public bool Equals(BlockId other) => Value == other.Value;

    /// <inheritdoc/>
    public override int GetHashCode() => Value;

    /// <inheritdoc/>
    public override string ToString() => Replicas > 1 ? $"{Block}, replica {Replica + 1}" : $"block {Value}";

    [GeneratedRegex(@"^block-\d+-r\d+\z")]
    private static partial Regex ReplicaName();
}
