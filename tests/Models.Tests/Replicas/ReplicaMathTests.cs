using NoProp.Models.Replicas;
using Xunit;

namespace NoProp.Models.Tests.Replicas;

/// <summary>The formulas, against the same by hand in double precision.</summary>
public sealed class ReplicaMathTests
{
    private const double Tolerance = 1e-6;

    private static readonly DelayedNesterov Rule = new(5, Rate: 0.7, Momentum: 0.9);

    [Fact]
    public void The_mean_is_that_of_each_value()
    {
        float[] mean = new float[2];

        ReplicaMath.Mean([new float[] { 1, -2 }, new float[] { 2, 0.5f }, new float[] { 6, 3 }], mean);

        Assert.Equal([3, 0.5f], mean);
    }

    [Fact]
    public void The_mean_of_equal_vectors_is_that_vector_bit_for_bit()
    {
        float[] same = [0.1f, 1 / 3f, -7e-12f];
        float[] mean = new float[3];

        ReplicaMath.Mean([same, same, same], mean);

        Assert.Equal(same, mean);
    }

    [Fact]
    public void An_elastic_meeting_moves_both_by_the_same_force_towards_each_other()
    {
        float[] x = [1, -3];
        float[] c = [0.5f, 2];

        ReplicaMath.Elastic(0.3, x, c);

        // alpha (x - c) = 0.3 * 0.5 = 0.15 and 0.3 * -5 = -1.5.
        Near([0.85, -1.5], x);
        Near([0.65, 0.5], c);
    }

    [Fact]
    public void An_elastic_meeting_with_alpha_0_changes_nothing()
    {
        float[] x = [1, -3];
        float[] c = [0.5f, 2];

        ReplicaMath.Elastic(0, x, c);

        Assert.Equal(([1f, -3f], [0.5f, 2f]), (x, c), (a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2));
    }

    [Fact]
    public void A_running_statistic_approaches_that_of_a_replica()
    {
        float[] c = [2];

        ReplicaMath.Approach(0.25, [4], c);

        Near([2.5], c);
    }

    [Fact]
    public void Two_arrivals_of_delayed_nesterov_are_as_by_hand()
    {
        float[] theta = [10];
        float[] momentum = [2];
        float[] buffer = [0];

        ReplicaMath.DelayedNesterov(Rule, [10], [9], 2, last: false, theta, momentum, buffer);
        (float first, float held) = (theta[0], buffer[0]);
        ReplicaMath.DelayedNesterov(Rule, [10], [7], 2, last: true, theta, momentum, buffer);

        // g = 1: theta = 10 - 0.7 * 1 / 2. g = 3: m = 0.9 * 2 + (1 + 3) / 2, theta -= 0.7 (0.9 m + 3 / 2).
        const double M = 0.9 * 2 + 2;
        Near([9.65, 1, 9.65 - 0.7 * (0.9 * M + 1.5), M, 0], [first, held, theta[0], momentum[0], buffer[0]]);
    }

    [Fact]
    public void The_arrivals_of_a_buffer_are_together_one_step_of_nesterovs_momentum()
    {
        (float[] theta, float[] momentum, float[] buffer) = ([5], [0], [0]);
        double[] gs = [0.5, -0.25, 2, 1];
        (double reference, double m) = (5, 0);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < gs.Length; i++)
            {
                ReplicaMath.DelayedNesterov(Rule, [0], [(float)-gs[i]], gs.Length, i == gs.Length - 1, theta, momentum, buffer);
            }

            m = Rule.Momentum * m + gs.Average();
            reference -= Rule.Rate * (gs.Average() + Rule.Momentum * m);
        }

        Near([reference, m], [theta[0], momentum[0]]);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(8, 10)]
    [InlineData(10, 14)]
    [InlineData(19, 20)]
    public void Meetings_are_at_every_hth_step_of_an_epoch_and_at_its_end(long clock, long next) =>
        Assert.Equal(next, new LocalSgd(4).NextMeeting(clock, stepsPerEpoch: 10));

    [Fact]
    public void A_replica_is_due_where_a_meeting_is()
    {
        LocalSgd rule = new(4);

        Assert.Equal([4, 8, 10, 14, 18, 20], Enumerable.Range(0, 21).Where(clock => rule.MeetsAt(clock, stepsPerEpoch: 10)));
    }

    private static void Near(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerance * Math.Max(1, Math.Abs(pair.First))));
    }
}
