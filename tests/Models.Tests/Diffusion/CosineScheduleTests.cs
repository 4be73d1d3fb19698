using NoProp.Models.Diffusion;
using Xunit;

namespace NoProp.Models.Tests.Diffusion;

public sealed class CosineScheduleTests
{
    [Fact]
    public void Ten_blocks_give_the_published_values()
    {
        NoiseSchedule schedule = CosineSchedule.Create(10);

        double[] expected = [0.0001, 0.0241, 0.0940, 0.2031, 0.3408, 0.4938, 0.6475, 0.7869, 0.8987, 0.9721, 0.9990];
        Assert.Equal(expected, Values(schedule).Select(value => Math.Round(value, 4)));
    }

    [Fact]
    public void A_finer_grid_goes_through_the_same_values()
    {
        NoiseSchedule coarse = CosineSchedule.Create(10);
        NoiseSchedule fine = CosineSchedule.Create(1000);

        Assert.All(Enumerable.Range(0, 11), t => Assert.Equal(coarse.Abar(t), fine.Abar(100 * t), 1e-12));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(1000)]
    public void There_is_one_value_more_than_blocks_and_none_is_below_the_one_before(int blocks)
    {
        double[] values = Values(CosineSchedule.Create(blocks));

        Assert.Equal(values.Order(), values);
        Assert.Equal(blocks + 1, values.Length);
    }

    [Theory]
    [InlineData(1, 1e-4, 0.999)]
    [InlineData(10, 1e-4, 0.999)]
    [InlineData(1000, 1e-4, 0.999)]
    [InlineData(10, 0.05, 0.9)]
    public void The_schedule_runs_from_clip_to_clip(int blocks, double abarMin, double abarMax)
    {
        NoiseSchedule schedule = CosineSchedule.Create(blocks, abarMin, abarMax);

        Assert.Equal((abarMin, abarMax), (schedule.Abar(0), schedule.Abar(blocks)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Fewer_than_one_block_is_refused(int blocks) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(blocks), () => CosineSchedule.Create(blocks));

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_lower_clip_outside_0_to_1_is_refused(double abarMin) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(abarMin), () => CosineSchedule.Create(10, abarMin));

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(1e-5)]
    [InlineData(double.NaN)]
    public void An_upper_clip_that_is_one_or_below_the_lower_clip_is_refused(double abarMax) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(abarMax), () => CosineSchedule.Create(10, 1e-4, abarMax));

    private static double[] Values(NoiseSchedule schedule) => [.. Enumerable.Range(0, schedule.Blocks + 1).Select(schedule.Abar)];
}
