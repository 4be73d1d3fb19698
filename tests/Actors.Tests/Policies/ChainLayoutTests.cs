using CsCheck;
using NoProp.Actors.Policies;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>Which node of a spread chain answers for which blocks.</summary>
public sealed class ChainLayoutTests
{
    private static readonly Gen<(int Blocks, (string Name, int Slots)[] Nodes)> Chains =
        from blocks in Gen.Int[1, 40]
        from slots in Gen.Int[0, 16].Array[1, 30]
        select (blocks, slots.Select((count, i) => ($"node-{i}", count)).ToArray());

    [Fact]
    public void Every_block_is_at_one_node_and_the_blocks_of_a_node_follow_each_other() => Chains.Sample(chain =>
    {
        BlockRange[] ranges = [.. ChainLayout.Of(chain.Blocks, chain.Nodes).Values.OrderBy(range => range.First)];

        Assert.Equal(Enumerable.Range(1, chain.Blocks), ranges.SelectMany(range => Enumerable.Range(range.First, range.Count)));
    });

    [Fact]
    public void No_node_is_without_a_block_unless_there_are_more_nodes_than_blocks() => Chains.Sample(chain =>
        Assert.Equal(Math.Min(chain.Blocks, chain.Nodes.Length), ChainLayout.Of(chain.Blocks, chain.Nodes).Count(range => range.Value.Count > 0)));

    [Fact]
    public void A_node_with_more_slots_has_at_most_one_block_less() => Chains.Sample(chain =>
    {
        IReadOnlyDictionary<string, BlockRange> ranges = ChainLayout.Of(chain.Blocks, chain.Nodes);
        foreach ((string name, int slots) in chain.Nodes)
        {
            int share = Share(name);
            // Of nodes alike one may have one block more.
            Assert.All(chain.Nodes.Where(other => other.Slots <= slots), other => Assert.True(Share(other.Name) <= share + 1));
        }

        int Share(string name) => ranges.GetValueOrDefault(name, BlockRange.None).Count;
    });

    [Fact]
    public void The_order_in_which_nodes_are_named_changes_nothing() => Chains.Sample(chain =>
        Assert.Equal(ChainLayout.Of(chain.Blocks, chain.Nodes).OrderBy(range => range.Key), ChainLayout.Of(chain.Blocks, chain.Nodes.Reverse()).OrderBy(range => range.Key)));

    [Fact]
    public void Blocks_are_shared_out_by_slots() => Assert.Equal(
        [new("ada", new BlockRange(1, 2)), new("bob", new BlockRange(3, 9)), new("eve", new BlockRange(10, 10))],
        ChainLayout.Of(10, [("eve", 1), ("bob", 4), ("ada", 1)]).OrderBy(range => range.Key).ToArray());

    [Fact]
    public void Without_nodes_there_is_no_layout() => Assert.Empty(ChainLayout.Of(3, []));
}
