using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;
using Xunit;

namespace NoProp.Models.Tests.Replicas;

/// <summary>What replicas, their moments and their statistics become, on a network of one weight, w, and one running statistic, s.</summary>
public sealed class BlockCenterTests
{
    private const string W = "w";
    private const string S = "s";
    private const string Moment = "optimizer.exp_avg.w";
    private const string Square = "optimizer.exp_avg_sq.w";

    [Fact]
    public void Local_sgd_waits_for_the_last_replica()
    {
        BlockCenter center = Center(new LocalSgd(5), 2);

        Assert.Null(center.Arrive(1, State(1, 5, 1)));
    }

    [Fact]
    public void Local_sgd_averages_weights_statistics_and_moments_of_all_replicas()
    {
        BlockCenter center = Center(new LocalSgd(5), 2);
        center.Arrive(1, State(1, 5, 1, 10, 2, 4));

        Meeting meeting = center.Arrive(0, State(0, 5, 3, 20, 0, 8))!;

        Assert.Equal([0, 1], meeting.Replicas.Select(pair => pair.Replica));
        Assert.All(meeting.Replicas, pair => Assert.Equal([2f, 15, 1, 6], [Value(pair.State, W), Value(pair.State, S), Value(pair.State, Moment), Value(pair.State, Square)]));
    }

    [Fact]
    public void The_centre_of_local_sgd_does_not_depend_on_the_order_of_arrival()
    {
        string[] bits = [.. new int[][] { [0, 1, 2], [2, 0, 1] }.Select(order =>
        {
            BlockCenter center = Center(new LocalSgd(5), 3);
            return order.Select(replica => center.Arrive(replica, State(replica, 5, 1f / (replica + 3)))).ToArray()[^1]!.Center.Bits();
        })];

        Assert.Equal(bits[0], bits[1]);
    }

    [Fact]
    public void Replicas_keep_their_names_and_clocks()
    {
        BlockCenter center = Center(new LocalSgd(5), 2);
        center.Arrive(0, State(0, 5, 1));

        Assert.Equal([("block-03-r1", 5), ("block-03-r2", 5)], center.Arrive(1, State(1, 5, 1))!.Replicas.Select(pair => (pair.State.Name, pair.State.Clock)));
    }

    [Fact]
    public void A_centre_is_named_like_its_block_and_counts_the_mini_batches_of_all_replicas()
    {
        BlockCenter center = Center(new Easgd(0.5, 5), 2);
        center.Arrive(0, State(0, 5, 1));

        Snapshot snapshot = center.Arrive(1, State(1, 10, 1))!.Center;

        Assert.Equal(("block-03", 15), (snapshot.Name, snapshot.Clock));
    }

    [Fact]
    public void An_elastic_meeting_draws_replica_and_centre_together_and_leaves_the_moments()
    {
        Meeting meeting = Center(new Easgd(0.25, 5), 2).Arrive(1, State(1, 5, 4, 8, 2, 3))!;

        Snapshot replica = Assert.Single(meeting.Replicas).State;
        Assert.Equal([3f, 6, 2, 3], [Value(replica, W), Value(replica, S), Value(replica, Moment), Value(replica, Square)]);
        Assert.Equal([1f, 2], [Value(meeting.Center, W), Value(meeting.Center, S)]);
    }

    [Fact]
    public void Without_an_alpha_the_force_is_the_papers()
    {
        Meeting meeting = Center(new Easgd(null, 5), 3).Arrive(0, State(0, 5, 1))!;

        Assert.Equal(0.3f, Value(meeting.Center, W), 1e-6f);
    }

    [Fact]
    public void Replicas_of_delayed_nesterov_go_on_from_the_centre_with_their_own_moments()
    {
        Meeting meeting = Center(new DelayedNesterov(5), 2).Arrive(0, State(0, 5, -1, 4, 2, 3))!;

        // g = 0 - -1 = 1: the centre moves by -0.7 * 1 / 2; its statistic by half of the way to 4.
        Snapshot replica = Assert.Single(meeting.Replicas).State;
        Assert.Equal(0.7 * -0.5, Value(meeting.Center, W), 1e-6);
        Assert.Equal([Value(meeting.Center, W), 2, 2, 3], [Value(replica, W), Value(replica, S), Value(replica, Moment), Value(replica, Square)]);
    }

    [Theory]
    [InlineData("local-sgd")]
    [InlineData("easgd")]
    [InlineData("delayed-nesterov")]
    public void A_centre_from_its_snapshot_goes_on_bit_for_bit(string rule)
    {
        ReplicaRule parsed = rule switch { "local-sgd" => new LocalSgd(5), "easgd" => new Easgd(0.3, 5), _ => new DelayedNesterov(5) };
        BlockCenter whole = Center(parsed, 2);
        Snapshot saved = Round(whole, 5).Center;

        BlockCenter resumed = new(new(3), 2, new ReplicaSchedule(parsed), () => State(0, 0, 0), saved);

        Assert.Equal(Round(whole, 10).Center.Bits(), Round(resumed, 10).Center.Bits());
    }

    [Fact]
    public void A_snapshot_of_a_centre_says_when_each_replica_met_it()
    {
        BlockCenter center = Center(new Easgd(0.5, 5), 3);
        center.Arrive(2, State(2, 5, 1));

        Assert.Equal([10, 0, 5], BlockCenter.MetClocks(center.Arrive(0, State(0, 10, 1))!.Center, 3));
    }

    [Fact]
    public void A_centre_of_another_number_of_replicas_is_refused()
    {
        Snapshot saved = Round(Center(new LocalSgd(5), 2), 5).Center;

        Assert.Equal("snapshot block-03 is of 2 replicas, and the run has 3", Assert.Throws<NoPropException>(() => BlockCenter.MetClocks(saved, 3)).Message);
    }

    [Fact]
    public void Where_the_rule_changes_replicas_meet_once_more_and_go_on_from_the_centre()
    {
        BlockCenter center = new(new(3), 2, ReplicaSchedule.Of([(0, new Easgd(0.25, 5)), (5, new LocalSgd(5))]), () => State(0, 0, 0), from: null);

        Assert.Null(center.Arrive(1, State(1, 5, 8, 0, 7)));
        Meeting meeting = center.Arrive(0, State(0, 5, 4, 0, 2))!;

        // Replica 1 first: c = 0 + 1 = 1; then replica 2: c = 1 + 0.25 * (8 - 1). Moments stay each replica's own.
        Assert.Equal([2.75f, 2.75f, 2.75f], meeting.Replicas.Select(pair => Value(pair.State, W)).Append(Value(meeting.Center, W)));
        Assert.Equal([2f, 7], meeting.Replicas.Select(pair => Value(pair.State, Moment)));
        Assert.Empty(BlockCenter.Order(meeting.Center));
    }

    [Fact]
    public void Momentum_does_not_outlive_its_rule()
    {
        BlockCenter center = new(new(3), 2, ReplicaSchedule.Of([(0, new DelayedNesterov(5)), (5, new Easgd(0.5, 5)), (10, new DelayedNesterov(5))]), () => State(0, 0, 0), from: null);

        Round(center, 5);
        Snapshot united = Round(center, 10).Center;
        Snapshot next = center.Arrive(0, State(0, 15, Value(united, W)))!.Center;

        Assert.DoesNotContain("optimizer.center.momentum", SafetensorsFile.Parse(united.Safetensors, "").Entries.Keys);
        Assert.Equal(Value(united, W), Value(next, W));
    }

    private static Meeting Round(BlockCenter center, long clock)
    {
        center.Arrive(0, State(0, clock, 1f / clock, 3, 0.5f, 2));
        return center.Arrive(1, State(1, clock, 2f / clock, 4, 1.5f, 7))!;
    }

    private static BlockCenter Center(ReplicaRule rule, int replicas) => new(new(3), replicas, new ReplicaSchedule(rule), () => State(0, 0, 0), from: null);

    private static Snapshot State(int replica, long clock, params float[] values)
    {
        (string Name, float Value)[] tensors = [.. new[] { W, S, Moment, Square }.Select((name, i) => (name, i < values.Length ? values[i] : 0))];
        (byte[] bytes, int offset) = Safetensors.Allocate([.. tensors.Select(tensor => (tensor.Name, "F32", new long[] { 1 }))], new Dictionary<string, string>());
        tensors.Select(tensor => tensor.Value).ToArray().CopyTo(MemoryMarshal.Cast<byte, float>(bytes.AsSpan(offset)));
        return new($"block-03-r{replica + 1}", clock, bytes);
    }

    private static float Value(Snapshot snapshot, string name) =>
        MemoryMarshal.Cast<byte, float>(SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name).Data(name))[0];
}
