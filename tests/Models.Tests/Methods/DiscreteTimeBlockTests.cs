using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

public sealed class DiscreteTimeBlockTests : IDisposable
{
    private static readonly BlockId One = new(1);
    private static readonly BlockId Two = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(1000)]
    public void A_block_refuses_the_batch_of_another_step(long offset)
    {
        using IBlockCompute block = method.CreateBlock(One, null);
        Train(block, 2);

        Assert.Throws<InvalidOperationException>(() => block.Step(TestData.RandomBatch(0) with { Step = 2 + offset }));
    }

    [Fact]
    public void A_refused_batch_changes_nothing()
    {
        using IBlockCompute block = method.CreateBlock(One, null);
        string before = block.Snapshot().Bits();

        Assert.Throws<InvalidOperationException>(() => block.Step(TestData.RandomBatch(1)));

        Assert.Equal(before, block.Snapshot().Bits());
    }

    [Fact]
    public void A_clock_counts_the_steps()
    {
        using IBlockCompute block = method.CreateBlock(One, null);

        Train(block, 3);

        Assert.Equal((3, 3), (block.Clock, block.Snapshot().Clock));
    }

    [Fact]
    public void A_step_moves_every_weight_tensor()
    {
        DiscreteTime paper = TestData.Method(NetworkSettings.Paper, TestData.Mnist);
        using IBlockCompute block = paper.CreateBlock(Two, null);
        Snapshot before = block.Snapshot();

        block.Step(TestData.RandomBatch(0, TestData.Mnist, 16));

        Snapshot after = block.Snapshot();
        using Denoiser network = paper.CreateNetwork(Two);
        Assert.All(network.Parameters.Weights, weight => Assert.NotEqual(before.Values(weight.Name), after.Values(weight.Name)));
    }

    [Fact]
    public void Blocks_trained_in_another_order_are_the_same_bit_for_bit()
    {
        string[] turns = Train([One, Two, One, Two, One, Two]);

        Assert.Equal(turns, Train([Two, Two, One, Two, One, One]));
    }

    [Fact]
    public void Block_steps_leave_the_head_as_it_is_bit_for_bit()
    {
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(new BlockId(method.Blocks), null);
        head.Step(TestData.RandomBatch(0).Labels);
        string before = head.Snapshot().Bits();

        Train(block, 3);

        Assert.Equal(before, head.Snapshot().Bits());
    }

    [Fact]
    public void Head_steps_leave_the_blocks_as_they_are_bit_for_bit()
    {
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(new BlockId(method.Blocks), null);
        Train(block, 1);
        string before = block.Snapshot().Bits();

        head.Step(TestData.RandomBatch(0).Labels);

        Assert.Equal(before, block.Snapshot().Bits());
    }

    [Fact]
    public void A_one_hot_embedding_is_no_part_of_what_is_trained()
    {
        using IHeadCompute head = method.CreateHead(null);

        Assert.DoesNotContain("embedding.weight", SafetensorsFile.Parse(head.Snapshot().Safetensors, "head").Entries.Keys);
    }

    [Fact]
    public void Training_the_same_batches_lowers_the_error()
    {
        using IBlockCompute block = method.CreateBlock(new BlockId(3), null);
        float[] errors =
        [
            .. Enumerable.Range(0, 150).Select(step => block.Step(TestData.RandomBatch(0) with { Step = step }).SquaredError),
        ];

        // Uniform probabilities have an error of 0.9, and the input of the last of three blocks shows the label through some noise.
        Assert.True(errors[^10..].Average() < 0.5 * errors[..10].Average(), $"{errors[..10].Average()} to {errors[^10..].Average()}");
    }

    [Fact]
    public void A_block_leaves_no_tensor_in_the_scope_of_the_caller()
    {
        using Batch batch = TestData.RandomBatch(0);
        using DisposeScope inner = NewDisposeScope();
        using IBlockCompute block = method.CreateBlock(One, null);

        block.Step(batch);
        block.Snapshot();

        Assert.Equal(0, inner.DisposablesCount);
    }

    [Fact]
    public void A_head_leaves_no_tensor_in_the_scope_of_the_caller()
    {
        using Batch batch = TestData.RandomBatch(0);
        using DisposeScope inner = NewDisposeScope();
        using IHeadCompute head = method.CreateHead(null);

        head.Step(batch.Labels);
        head.Snapshot();

        Assert.Equal(0, inner.DisposablesCount);
    }

    private static void Train(IBlockCompute block, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            block.Step(TestData.RandomBatch(block.Clock));
        }
    }

    private string[] Train(BlockId[] turns)
    {
        using IBlockCompute one = method.CreateBlock(One, null);
        using IBlockCompute two = method.CreateBlock(Two, null);
        foreach (BlockId turn in turns)
        {
            Train(turn == One ? one : two, 1);
        }

        return [one.Snapshot().Bits(), two.Snapshot().Bits()];
    }
}
