namespace NoProp.Models;

/// <summary>The number t of a denoising block, 1 (nearest to pure noise) to T (nearest to the label).</summary>
public readonly record struct BlockId(int Value)
{
    /// <summary>The blocks 1..<paramref name="count"/> in order.</summary>
    public static IEnumerable<BlockId> UpTo(int count) => Enumerable.Range(1, count).Select(t => new BlockId(t));

    /// <summary>Position in an array of blocks: t - 1.</summary>
    public int Index => Value - 1;

    /// <summary>Name of the block's files: <c>block-07</c>.</summary>
    public string FileName => $"block-{Value:00}";

    /// <inheritdoc/>
    public override string ToString() => $"block {Value}";
}
