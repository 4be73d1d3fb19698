using NoProp.Actors.Protocol;
using NoProp.Host.Views;
using Xunit;

namespace NoProp.Host.Tests.Views;

public class ProgressTextTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1 min 00 s")]
    [InlineData(3_599, "59 min 59 s")]
    [InlineData(3_600, "1 h 00 min")]
    [InlineData(100_000, "27 h 46 min")]
    public void A_duration_is_said_as_people_say_it(double seconds, string words)
    {
        Assert.Equal(words, ProgressText.Duration(TimeSpan.FromSeconds(seconds)));
    }

    [Fact]
    public void An_epoch_is_one_line_with_accuracy_and_time()
    {
        Assert.Equal("epoch 1/2  test accuracy  87.50%      2.5 s", ProgressText.Epoch(ProgressSamples.FirstEpoch, ProgressSamples.Moment()));
    }

    [Fact]
    public void The_status_says_how_long_the_rest_takes_at_the_present_rate()
    {
        // 27 of 60 steps are left, at one in two seconds.
        Assert.Equal("33/60 block steps, 0.5 a second, 54 s to go", ProgressText.Status(ProgressSamples.Moment()));
    }

    [Fact]
    public void The_status_counts_the_three_populations_of_slots()
    {
        ProgressSnapshot moment = ProgressSamples.Moment() with { Slots = new SlotCounts(4, 3, 2) };

        Assert.Equal("33/60 block steps, 0.5 a second, slots: 4 alive, 3 with a lease, 2 contributing, 54 s to go", ProgressText.Status(moment));
    }

    [Fact]
    public void The_status_guesses_no_time_while_nothing_moves()
    {
        Assert.Equal("33/60 block steps, 0.0 a second", ProgressText.Status(ProgressSamples.Moment(stepsPerSecond: 0)));
    }
}
