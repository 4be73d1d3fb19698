using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Models.Tests.Methods;

public sealed class HeadOrderTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(4, 1)]
    [InlineData(3, 5)]
    public void Algorithm_1_gives_the_head_all_batches_of_an_epoch_once_for_each_block(int blocks, int stepsPerEpoch)
    {
        List<long> order = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            for (int block = 0; block < blocks; block++)
            {
                for (int step = 0; step < stepsPerEpoch; step++)
                {
                    order.Add(epoch * stepsPerEpoch + step);
                }
            }
        }

        Assert.Equal(order, Enumerable.Range(0, order.Count).Select(headStep => HeadOrder.BatchStep(headStep, blocks, stepsPerEpoch)));
    }

    [Fact]
    public void Steps_beyond_the_range_of_an_int_are_counted() =>
        Assert.Equal(3_000_000_001, HeadOrder.BatchStep(3_000_000_000_001, 1000, 1000));
}
