using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Training;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Methods;

/// <summary>A gradient by the shared parameters that is looked at, and trains nothing.</summary>
public sealed class SharedGradientTests : IDisposable
{
    private static readonly BlockId Block = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void It_is_the_part_for_W_of_the_gradient_that_a_step_gives()
    {
        DiscreteTime method = Method(TestData.Tiny, TestData.Digit);
        Batch batch = TestData.RandomBatch(0);
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(Block, null);

        float[] looked = [.. block.SharedGradient(batch, head.Shared)];

        Assert.Equal(block.Step(batch, head.Shared)[^looked.Length..], looked);
    }

    [Fact]
    public void It_changes_no_weight_no_moment_and_no_running_statistic()
    {
        ImageShape shape = new(1, 14, 14);
        DiscreteTime method = Method(NetworkSettings.Paper, shape);
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(Block, null);
        block.Step(TestData.RandomBatch(0, shape), head.Shared);
        string before = block.Snapshot().Bits();

        block.SharedGradient(TestData.RandomBatch(0, shape), head.Shared);

        Assert.Equal(before, block.Snapshot().Bits());
    }

    [Fact]
    public void With_a_fixed_W_it_is_that_of_all_that_is_shared()
    {
        ContinuousTime method = new(TestData.Settings(), TestData.Digit, TestData.Classes);
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(new BlockId(1), null);

        Assert.Equal(head.Shared.Values.Length, block.SharedGradient(TestData.RandomBatch(0), head.Shared).Length);
    }

    [Fact]
    public void A_block_that_shares_nothing_has_none()
    {
        using IBlockCompute block = TestData.Method().CreateBlock(Block, null);

        Assert.Throws<InvalidOperationException>(() => block.SharedGradient(TestData.RandomBatch(0), new SharedVersion(0, [])));
    }

    [Fact]
    public void At_the_same_version_two_gradients_agree()
    {
        DiscreteTime method = Method(TestData.Tiny, TestData.Digit);
        Batch batch = TestData.RandomBatch(0);
        using IHeadCompute head = method.CreateHead(null);
        using IBlockCompute block = method.CreateBlock(Block, null);

        Assert.Equal(1.0, GradientCosine.Of(block.SharedGradient(batch, head.Shared).AsSpan(), block.SharedGradient(batch, head.Shared).AsSpan()));
    }

    [Theory]
    [InlineData(new float[] { 1, 0 }, new float[] { 0, 2 }, 0)]
    [InlineData(new float[] { 1, 2 }, new float[] { -2, -4 }, -1)]
    [InlineData(new float[] { 1, 0 }, new float[] { 3, 4 }, 0.6)]
    public void The_cosine_is_the_angles(float[] a, float[] b, double cosine) => Assert.Equal(cosine, GradientCosine.Of(a, b)!.Value, 1e-12);

    [Fact]
    public void A_gradient_of_zero_has_no_angle() => Assert.Null(GradientCosine.Of([0, 0], [1, 0]));

    [Fact]
    public void Gradients_of_different_lengths_have_no_angle() => Assert.Throws<ArgumentException>(() => GradientCosine.Of([1], [1, 0]));

    private static DiscreteTime Method(NetworkSettings network, ImageShape shape) =>
        new(TestData.Settings(network) with { Embedding = new EmbeddingSettings(EmbeddingKind.Learned, 12) }, shape, TestData.Classes);
}
