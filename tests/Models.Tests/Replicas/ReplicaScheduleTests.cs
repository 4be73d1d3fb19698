using NoProp.Models.Replicas;
using Xunit;

namespace NoProp.Models.Tests.Replicas;

public sealed class ReplicaScheduleTests
{
    private const int PerEpoch = 10;

    private static readonly ReplicaSchedule ByThree = new(new LocalSgd(3));
    private static readonly ReplicaSchedule Elastic = new(new Easgd(0.3, 4));

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 3)]
    [InlineData(2, 3, 3)]
    [InlineData(3, 3, 3)]
    [InlineData(4, 3, 6)]
    [InlineData(10, 10, 10)]
    public void A_barrier_gives_way_at_the_first_meeting_that_no_replica_has_left(long first, long second, long from) =>
        Assert.Equal(from, ByThree.ChangeTo(new LocalSgd(5), [first, second], PerEpoch).Parts[^1].From);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 3, 4)]
    [InlineData(4, 4, 8)]
    [InlineData(9, 0, 10)]
    public void Where_nobody_waits_the_next_meeting_of_the_furthest_is_awaited_by_all(long first, long second, long from)
    {
        ReplicaSchedule changed = Elastic.ChangeTo(new LocalSgd(5), [first, second], PerEpoch);

        Assert.Equal((from, from > 0), (changed.Parts[^1].From, changed.ChangesAt(from)));
        Assert.True(from == 0 || changed.IsBarrier(from));
    }

    [Fact]
    public void Meetings_follow_the_rule_of_their_steps()
    {
        ReplicaSchedule changed = ByThree.ChangeTo(new Easgd(0.3, 4), [4, 5], PerEpoch);

        Assert.Equal([3, 6, 8, 10, 14, 18, 20], Enumerable.Range(0, 21).Where(clock => changed.MeetsAt(clock, PerEpoch)));
        Assert.Equal([true, true, false, false], new long[] { 3, 6, 8, 10 }.Select(changed.IsBarrier));
    }

    [Fact]
    public void A_rule_that_nobody_has_come_to_is_replaced()
    {
        ReplicaSchedule changed = Elastic.ChangeTo(new LocalSgd(5), [2, 1], PerEpoch).ChangeTo(new DelayedNesterov(2), [4, 3], PerEpoch);

        Assert.True(changed.Parts.SequenceEqual([(0, new Easgd(0.3, 4)), (4, new DelayedNesterov(2))]));
    }

    [Fact]
    public void Replicas_that_wait_for_a_change_come_together_even_if_it_is_taken_back()
    {
        ReplicaSchedule changed = Elastic.ChangeTo(new LocalSgd(5), [2, 1], PerEpoch).ChangeTo(new Easgd(0.3, 4), [4, 3], PerEpoch);

        Assert.True(changed.IsBarrier(4));
        Assert.False(changed.IsBarrier(8));
    }

    [Fact]
    public void A_change_of_a_barrier_that_is_taken_back_leaves_nothing() =>
        Assert.True(ByThree.ChangeTo(new Easgd(0.3, 4), [2, 1], PerEpoch).ChangeTo(new LocalSgd(3), [3, 2], PerEpoch).Parts.SequenceEqual(ByThree.Parts));

    [Fact]
    public void Rules_that_do_not_begin_at_the_beginning_are_refused() =>
        Assert.Equal(
            "replica policies that hold from steps 3, 2 do not follow each other from step 0",
            Assert.Throws<NoPropException>(() => ReplicaSchedule.Of([(3, new LocalSgd(1)), (2, new LocalSgd(2))])).Message);
}
