using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Training;

public sealed class SlotMeterTests
{
    private readonly SlotMeter meter = new();

    public SlotMeterTests() => meter.Join("a", slots: 2, At(0));

    [Fact]
    public void A_worker_that_is_registered_is_alive_and_does_nothing_yet() => Assert.Equal(new SlotCounts(2, 0, 0), meter.Now(At(0)));

    [Fact]
    public void A_slot_contributes_when_its_first_commit_is_accepted()
    {
        meter.Grant(Lease(1), At(1));
        Assert.Equal(new SlotCounts(2, 1, 0), meter.Now(At(2)));

        meter.End(Lease(1), accepted: true, At(3));

        Assert.Equal(new SlotCounts(2, 0, 1), meter.Now(At(3)));
    }

    [Theory]
    [InlineData(2, 12, 1)]
    [InlineData(2, 13, 0)]
    [InlineData(20, 60, 1)]
    [InlineData(20, 61, 0)]
    public void A_slot_contributes_for_10_s_or_twice_the_time_of_a_long_lease(int length, int now, int contributing)
    {
        meter.Grant(Lease(1), At(0));
        meter.End(Lease(1), accepted: true, At(length));

        Assert.Equal(contributing, meter.Now(At(now)).Contributing);
    }

    [Fact]
    public void A_slot_whose_lease_is_taken_back_contributes_no_more()
    {
        meter.Grant(Lease(1), At(0));
        meter.Grant(Lease(2), At(0));
        meter.End(Lease(1), accepted: true, At(1));
        meter.End(Lease(2), accepted: true, At(1));
        meter.Grant(Lease(1), At(2));

        meter.End(Lease(1), accepted: false, At(3));

        Assert.Equal(new SlotCounts(2, 0, 1), meter.Now(At(3)));
    }

    [Fact]
    public void The_wait_of_a_block_is_the_time_without_a_lease_and_that_of_a_slot_the_time_since_it_has_had_one()
    {
        meter.Grant(Lease(1), At(1));
        meter.End(Lease(1), accepted: true, At(4));
        meter.Grant(Lease(2), At(6));
        meter.Grant(Lease(1), At(9));

        // Block 1 was free from 4 to 9; the slot that it got, that of its first lease, as long.
        Assert.Equal(new WaitTimes(default, default, At(5), At(5)), meter.End(Lease(1), accepted: true, At(10)));
    }

    [Fact]
    public void The_means_weigh_each_moment_by_its_time()
    {
        meter.Grant(Lease(1), At(1));
        meter.End(Lease(1), accepted: true, At(3));

        Assert.Equal(new SlotCounts(2, 0.5, 0.25), meter.Mean(At(4)));
    }

    [Fact]
    public void The_recent_means_are_those_since_they_were_last_asked_for()
    {
        meter.Grant(Lease(1), At(1));
        Assert.Equal(new SlotCounts(2, 0.5, 0), meter.Recent(At(2)));

        meter.End(Lease(1), accepted: true, At(3));

        Assert.Equal(new SlotCounts(2, 0.25, 0.75), meter.Recent(At(6)));
    }

    [Fact]
    public void A_worker_that_is_gone_is_not_alive()
    {
        meter.Grant(Lease(1), At(1));
        meter.Leave("a", At(2));
        meter.End(Lease(1), accepted: false, At(2));

        Assert.Equal(new SlotCounts(0, 0, 0), meter.Now(At(3)));
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);

    private static Lease Lease(int block) => new(new BlockId(block), new LeaseEpoch(1), new StepRange(0, 4), "a");
}
