using CsCheck;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

public sealed class ClusterTimesTests
{
    private static readonly Gen<TimeSpan> AnyTime = Gen.Int[50, 300_000].Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));

    [Fact]
    public void Time_outs_of_any_base_fit_together() => AnyTime.Sample(
        basis =>
        {
            ClusterTimes times = ClusterTimes.Derive(basis);
            AssertFit(times);
            Assert.True(times.LeaseTimeout < times.Removal, "leases act sooner than membership");
        });

    [Fact]
    public void Overrides_either_fit_together_or_are_refused_with_one_line_that_names_settings() =>
        Gen.Select(AnyTime, Gen.OneOf(AnyTime.Select(time => (TimeSpan?)time), Gen.Const((TimeSpan?)null), Gen.Const((TimeSpan?)null)).Array[11]).Sample((basis, given) =>
        {
            ClusterTimeOverrides overrides = new(
                given[0], given[1], given[2], given[3], given[4], given[5], given[6], given[7], given[8], given[9], given[10]);
            try
            {
                AssertFit(ClusterTimes.Derive(basis, overrides));
            }
            catch (SettingsException refused)
            {
                Assert.Contains("noprop.cluster.times.", refused.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', refused.Message);
            }
        });

    [Fact]
    public void An_override_replaces_its_own_time_out_only() => Assert.Equal(
        ClusterTimes.Derive(ClusterTimes.DefaultBase) with { JoinTimeout = TimeSpan.FromMinutes(1) },
        ClusterTimes.Derive(ClusterTimes.DefaultBase, new(JoinTimeout: TimeSpan.FromMinutes(1))));

    [Fact]
    public void By_default_a_dead_worker_costs_at_most_6_seconds_and_a_dead_trainer_15()
    {
        ClusterTimes times = ClusterTimes.Derive(ClusterTimes.DefaultBase);

        // One renewal may have come just before the end; then a second or so is left to start the blocks elsewhere.
        Assert.InRange(times.LeaseTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.InRange(times.TrainerReplacement, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData(
        "lease-renewal=3s",
        "noprop.cluster.times.lease-renewal = 3s must be at most half of noprop.cluster.times.lease-timeout = 4s, because one renewal that is late would cost the lease: "
        + "lower the first or raise the second")]
    [InlineData("lease-timeout=1500ms", "noprop.cluster.times.lease-renewal = 1s must be at most half of noprop.cluster.times.lease-timeout = 1500ms")]
    [InlineData("heartbeat-interval=2s", "noprop.cluster.times.heartbeat-interval = 2s must be at most half of noprop.cluster.times.acceptable-pause = 3s")]
    [InlineData("stable-after=2s", "noprop.cluster.times.acceptable-pause = 3s must be at most noprop.cluster.times.stable-after = 2s")]
    [InlineData("unstable-after=4s", "noprop.cluster.times.stable-after = 5s must be at most noprop.cluster.times.unstable-after = 4s")]
    [InlineData("down-removal-margin=6s", "noprop.cluster.times.down-removal-margin = 6s must be at most noprop.cluster.times.stable-after = 5s")]
    [InlineData("hand-over-retry=5s", "noprop.cluster.times.hand-over-retry = 5s must be at most 1/4 of noprop.cluster.times.leave-timeout = 15s")]
    [InlineData("link-handshake=500ms", "noprop.cluster.times.lease-renewal = 1s must be at most noprop.cluster.times.link-handshake = 500ms")]
    [InlineData("link-handshake=30s", "noprop.cluster.times.link-handshake = 30s must be at most noprop.cluster.times.join-timeout = 20s")]
    [InlineData(
        "join-timeout=9s",
        "the removal of a dead node (noprop.cluster.times.acceptable-pause + 2 heartbeat-interval + stable-after) = 10s must be at most noprop.cluster.times.join-timeout = 9s")]
    [InlineData(
        "leave-timeout=9s",
        "the removal of a dead node (noprop.cluster.times.acceptable-pause + 2 heartbeat-interval + stable-after) = 10s must be at most noprop.cluster.times.leave-timeout = 9s")]
    public void Time_outs_that_do_not_fit_together_name_both(string given, string message)
    {
        SettingsException refused = Assert.Throws<SettingsException>(() => SettingsLoader.Load(null, [$"noprop.cluster.times.{given}"]));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_printed_at_start_shows_every_time_out()
    {
        // Each of its own, so that one cannot stand for another.
        ClusterTimes times = new(Time(1), Time(2), Time(3), Time(4), Time(5), Time(6), Time(7), Time(8), Time(9), Time(11), Time(12), Time(14));

        string text = string.Join('\n', times.Describe());

        Assert.All([1, 2, 3, 4, 5, 6, 6 + 7, 8, 9, 11, 12, 14], number => Assert.Contains($"{number}001ms", text.Replace("13002ms", "13001ms", StringComparison.Ordinal), StringComparison.Ordinal));

        static TimeSpan Time(int seconds) => TimeSpan.FromMilliseconds((1000 * seconds) + 1);
    }

    private static void AssertFit(ClusterTimes times)
    {
        Assert.True(2 * times.LeaseRenewal <= times.LeaseTimeout);
        Assert.True(2 * times.HeartbeatInterval <= times.AcceptablePause);
        Assert.True(times.AcceptablePause <= times.StableAfter);
        Assert.True(times.StableAfter <= times.UnstableAfter);
        Assert.True(times.DownRemovalMargin <= times.StableAfter);
        Assert.True(4 * times.HandOverRetry <= times.LeaveTimeout);
        Assert.True(times.LeaseRenewal <= times.LinkHandshake);
        Assert.True(times.LinkHandshake <= times.JoinTimeout);
        Assert.True(times.Removal <= times.JoinTimeout);
        Assert.True(times.Removal <= times.LeaveTimeout);
    }
}
