using NoProp.Models.Data;
using Xunit;

namespace NoProp.Models.Tests.Data;

public sealed class BatchOrderTests
{
    [Theory]
    [InlineData(1500, 128)]
    [InlineData(256, 128)]
    [InlineData(257, 128)]
    [InlineData(5, 128)]
    [InlineData(5, 1)]
    [InlineData(1, 128)]
    public void An_epoch_visits_every_image_once(int count, int batchSize)
    {
        BatchOrder order = new(seed: 1, count, batchSize);

        IEnumerable<long> visited = Enumerable.Range(0, order.StepsPerEpoch).SelectMany(step => order.Indices(step).ToArray());
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), visited.Order());
    }

    [Theory]
    [InlineData(256, 128, new[] { 128, 128 })]
    [InlineData(258, 128, new[] { 128, 128, 2 })]
    [InlineData(257, 128, new[] { 128, 129 })]
    [InlineData(3, 2, new[] { 3 })]
    [InlineData(2, 1, new[] { 1, 1 })]
    [InlineData(5, 128, new[] { 5 })]
    [InlineData(1, 128, new[] { 1 })]
    public void A_batch_of_one_image_joins_the_batch_before_it(int count, int batchSize, int[] expected)
    {
        BatchOrder order = new(seed: 1, count, batchSize);

        Assert.Equal(expected, Enumerable.Range(0, order.StepsPerEpoch).Select(step => order.Indices(step).Length));
    }

    [Fact]
    public void Two_epochs_differ() =>
        Assert.NotEqual(new BatchOrder(1, 100, 100).Indices(0).ToArray(), new BatchOrder(1, 100, 100).Indices(1).ToArray());

    [Fact]
    public void Two_seeds_differ() =>
        Assert.NotEqual(new BatchOrder(1, 100, 100).Indices(0).ToArray(), new BatchOrder(2, 100, 100).Indices(0).ToArray());

    [Fact]
    public void A_step_has_the_same_images_whatever_was_asked_before()
    {
        BatchOrder wandering = new(seed: 1, count: 100, batchSize: 8);

        Assert.All(
            [30L, 2, 1_000_000, 31, 2, 0],
            step => Assert.Equal(new BatchOrder(1, 100, 8).Indices(step).ToArray(), wandering.Indices(step).ToArray()));
    }

    [Fact]
    public void Indices_stay_valid_when_another_epoch_is_asked_for()
    {
        BatchOrder order = new(seed: 1, count: 100, batchSize: 100);
        ReadOnlySpan<long> first = order.Indices(0);
        long[] before = first.ToArray();

        order.Indices(1);

        Assert.Equal(before, first.ToArray());
    }

    [Fact]
    public void A_negative_step_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchOrder(1, 100, 8).Indices(-1).ToArray());

    [Theory]
    [InlineData(0, 8)]
    [InlineData(8, 0)]
    public void No_images_or_no_batch_is_refused(int count, int batchSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchOrder(1, count, batchSize));
}
