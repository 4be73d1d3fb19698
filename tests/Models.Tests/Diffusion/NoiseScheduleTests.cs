using NoProp.Models.Diffusion;
using Xunit;

namespace NoProp.Models.Tests.Diffusion;

public sealed class NoiseScheduleTests
{
    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 0.5 })]
    [InlineData(new[] { 0, 0.5 })]
    [InlineData(new[] { 0.5, 1 })]
    [InlineData(new[] { 0.5, double.NaN })]
    [InlineData(new[] { 0.5, 0.4, 0.6 })]
    public void Values_that_are_no_schedule_are_refused(double[] abar) =>
        Assert.Throws<ArgumentException>(nameof(abar), () => new NoiseSchedule(abar));

    [Fact]
    public void The_signal_to_noise_ratio_is_abar_over_the_rest() => Assert.Equal(4, new NoiseSchedule([0.5, 0.8]).Snr(1), 1e-12);

    [Fact]
    public void The_gain_of_a_step_is_the_ratio_after_it_minus_the_ratio_before_it() =>
        Assert.Equal(4 - 1, new NoiseSchedule([0.2, 0.5, 0.8]).SnrGain(2), 1e-12);

    [Fact]
    public void A_schedule_keeps_its_values_when_the_given_array_changes()
    {
        double[] given = [0.2, 0.8];
        NoiseSchedule schedule = new(given);

        given[0] = 0.7;

        Assert.Equal(0.2, schedule.Abar(0));
    }
}
