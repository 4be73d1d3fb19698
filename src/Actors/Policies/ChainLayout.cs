using System.Collections.Immutable;

namespace NoProp.Actors.Policies;

/// <summary>Blocks that follow each other.</summary>
/// <param name="First">First block, 1..T.</param>
/// <param name="Last">Last block; below the first for none.</param>
public readonly record struct BlockRange(int First, int Last)
{
    /// <summary>No block.</summary>
    public static BlockRange None => new(1, 0);

    /// <summary>Blocks in it.</summary>
    public int Count => Last - First + 1;

    /// <summary>Whether a block is one of them.</summary>
    public bool Contains(int block) => block >= First && block <= Last;

    /// <inheritdoc/>
    public override string ToString() => Count switch
    {
        <= 0 => "no block",
        1 => FormattableString.Invariant($"block {First}"),
        _ => FormattableString.Invariant($"blocks {First} to {Last}"),
    };
}

/// <summary>Which node of a spread chain answers for which blocks.</summary>
public static class ChainLayout
{
    /// <summary>
    /// Cuts the chain into one piece for each node, so that a request goes to each node once. Each gets a block, those with most slots first where
    /// there are more nodes than blocks; every other block goes to the node whose slots have the least to do (the divisors of D'Hondt's rule).
    /// The pieces follow each other in the order of the names, so that everybody who sees the same nodes cuts alike.
    /// </summary>
    /// <param name="blocks">Blocks T, at least 1.</param>
    /// <param name="nodes">Name of each node, each once, and its slots; fewer than one slot count as one.</param>
    /// <returns>The piece of each node that gets one, by name.</returns>
    public static ImmutableDictionary<string, BlockRange> Of(int blocks, IEnumerable<(string Name, int Slots)> nodes)
    {
        (string Name, int Slots)[] used =
        [
            .. nodes.OrderByDescending(node => node.Slots).ThenBy(node => node.Name, StringComparer.Ordinal).Take(blocks).OrderBy(node => node.Name, StringComparer.Ordinal),
        ];
        if (used.Length == 0)
        {
            return ImmutableDictionary<string, BlockRange>.Empty;
        }

        int[] share = [.. used.Select(_ => 1)];
        for (int left = blocks - used.Length; left > 0; left--)
        {
            share[Enumerable.Range(0, used.Length).MaxBy(i => (double)Math.Max(1, used[i].Slots) / (share[i] + 1))]++;
        }

        ImmutableDictionary<string, BlockRange>.Builder ranges = ImmutableDictionary.CreateBuilder<string, BlockRange>(StringComparer.Ordinal);
        int first = 1;
        for (int i = 0; i < used.Length; i++)
        {
            ranges.Add(used[i].Name, new(first, first + share[i] - 1));
            first += share[i];
        }

        return ranges.ToImmutable();
    }
}
