using NoProp.Actors.Cluster;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Strangers that try without end are said now and then, with their number.</summary>
public sealed class StrangerLogTests
{
    [Fact]
    public void A_stranger_that_tries_every_two_seconds_is_said_at_once_and_after_intervals_that_double_up_to_an_hour()
    {
        TimeSpan now = TimeSpan.Zero;
        StrangerLog log = new(() => now);
        List<double> minutes = [];
        List<int> silent = [];
        for (; now < TimeSpan.FromHours(4); now += TimeSpan.FromSeconds(2))
        {
            if (log.Count("one") is { } before)
            {
                minutes.Add(now.TotalMinutes);
                silent.Add(before);
            }
        }

        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 123, 183], minutes);
        Assert.Equal([0, 29, 59, 119], silent[..4]);
    }

    [Fact]
    public void Each_stranger_is_said_for_itself()
    {
        StrangerLog log = new(() => TimeSpan.Zero);
        log.Count("one");

        Assert.Equal(0, log.Count("two"));
        Assert.Null(log.Count("one"));
    }
}
