using NoProp.Actors.Cluster;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

public sealed class SilenceTests
{
    private readonly Silence silence = new(every: Seconds(1), limit: Seconds(5), now: Seconds(100));

    [Fact]
    public void An_end_that_says_nothing_for_longer_than_the_limit_is_taken_for_dead()
    {
        Assert.All([101, 102, 103, 104, 105], second => Assert.False(silence.IsTooLong(Seconds(second))));
        Assert.True(silence.IsTooLong(Seconds(106)));
    }

    [Fact]
    public void An_end_that_is_heard_is_alive()
    {
        Assert.All([101, 102, 103, 104], second => Assert.False(silence.IsTooLong(Seconds(second))));
        silence.End();

        Assert.All([105, 106, 107, 108, 109], second => Assert.False(silence.IsTooLong(Seconds(second))));
        Assert.True(silence.IsTooLong(Seconds(110)));
    }

    [Fact]
    public void Time_in_which_this_process_stood_still_is_not_the_other_ends_silence()
    {
        Assert.False(silence.IsTooLong(Seconds(160)));
        Assert.All([161, 162, 163], second => Assert.False(silence.IsTooLong(Seconds(second))));
        Assert.True(silence.IsTooLong(Seconds(164)));
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
