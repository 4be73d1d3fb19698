using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Simulation;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>What each policy promises by itself.</summary>
public sealed class PolicyTests
{
    [Theory]
    [InlineData("lockstep", 1)]
    [InlineData("bounded:1", 1)]
    [InlineData("bounded:3", 3)]
    [InlineData("bounded:8", 8)]
    [InlineData("bounded", 8)]
    public void No_block_gets_further_ahead_than_the_bound(string policy, long bound) => Scenario.Of(Gen.Const(policy)).Sample(
        scenario => Assert.All(VirtualRun.Of(scenario).Accepts, accepted => Assert.InRange(accepted.Clocks.Max() - accepted.Clocks.Min(), 0, bound)),
        iter: 60);

    [Fact]
    public void A_bound_is_used_to_the_full() => Assert.Contains(
        VirtualRun.Of(new Scenario("bounded:8", 4, 15, 3, [1, 1], 0, 0, false, null, 3)).Accepts,
        accepted => accepted.Clocks.Max() - accepted.Clocks.Min() == 8);

    [Theory]
    [InlineData("bounded:8", 4)]
    [InlineData("bounded:3", 2)]
    [InlineData("bounded:1", 1)]
    [InlineData("lockstep", 1)]
    [InlineData("sampled", 1)]
    [InlineData("sampled:snr", 1)]
    [InlineData("sampled:progress", 1)]
    [InlineData("async", 8)]
    [InlineData("algorithm1", 8)]
    public void A_visit_is_never_longer_than_the_policys(string policy, long longest) => Scenario.Of(Gen.Const(policy)).Sample(
        scenario => Assert.All(VirtualRun.Of(scenario with { Visit = null }).Accepts, accepted => Assert.InRange(accepted.Lease.Steps.Count, 1, longest)),
        iter: 50);

    [Fact]
    public void A_visit_is_never_longer_than_the_settings_say() => Scenario.Any.Sample(
        scenario => Assert.All(VirtualRun.Of(scenario).Accepts, accepted => Assert.InRange(accepted.Lease.Steps.Count, 1, scenario.Visit ?? long.MaxValue)),
        iter: 100);

    [Theory]
    [InlineData("bounded:20", 15)]
    [InlineData("async", 15)]
    [InlineData("algorithm1", 15)]
    [InlineData("sampled", 15)]
    [InlineData("sampled:progress", 15)]
    [InlineData("bounded:3", 3)]
    [InlineData("lockstep", 1)]
    public void A_visit_is_as_long_as_the_settings_say_where_the_policy_allows_it(string policy, long longest) => Assert.Equal(
        longest, VirtualRun.Of(new Scenario(policy, 2, 40, 1, [1], 0, 0, false, null, 3) { Visit = 15 }).Accepts.Max(accepted => accepted.Lease.Steps.Count));

    [Fact]
    public void Algorithm1_trains_block_after_block_in_each_epoch_whatever_the_slots() => Scenario.Of(Gen.Const("algorithm1")).Sample(
        scenario =>
        {
            IEnumerable<(int, long)> papers =
                from epoch in Enumerable.Range(0, scenario.Epochs)
                from block in BlockId.UpTo(scenario.Blocks)
                from step in Enumerable.Range(0, scenario.StepsPerEpoch)
                select (block.Value, (long)epoch * scenario.StepsPerEpoch + step);
            IEnumerable<(int, long)> ours =
                from accepted in VirtualRun.Of(scenario).Accepts
                from step in Enumerable.Range(0, (int)(accepted.To - accepted.Lease.Steps.From))
                select (accepted.Lease.Block.Value, accepted.Lease.Steps.From + step);
            Assert.Equal(papers, ours);
        },
        iter: 100);

    [Fact]
    public void Sampled_trains_every_block_about_as_often_at_any_time()
    {
        // 4 blocks, halfway through 400 steps each: a uniform choice keeps them within a few standard deviations (about 12) of one another.
        VirtualRun run = VirtualRun.Of(new Scenario("sampled", 4, 400, 1, [1], 0, 0, false, null, 11));

        Accepted halfway = run.Accepts[800];

        Assert.InRange(halfway.Clocks.Max() - halfway.Clocks.Min(), 1, 80);
    }

    [Theory]
    [InlineData("sampled:snr")]
    [InlineData("sampled:progress")]
    public void Weights_that_are_all_the_same_choose_about_as_often(string policy)
    {
        RunState state = RunState.Begin(new Scenario(policy, 4, 400, 1, [1], 0, 0, false, null, 11).Goal with { Weights = [1, 1, 1, 1] });

        long[] clocks = Serial(state, 800);

        Assert.InRange(clocks.Max() - clocks.Min(), 0, 80);
    }

    // 3000 steps in all, and 4000 for each block: none comes to its end, so 1 : 2 : 3 : 4 must show.
    [Fact]
    public void Sampled_snr_chooses_in_proportion_to_the_weights()
    {
        RunState state = RunState.Begin(new Scenario("sampled:snr", 4, 4000, 1, [1], 0, 0, false, null, 11).Goal with { Weights = [1, 2, 3, 4] });

        long[] clocks = Serial(state, 3000);

        Assert.All(clocks.Select((clock, i) => clock / (300.0 * (i + 1))), share => Assert.InRange(share, 0.8, 1.2));
    }

    [Fact]
    public void Sampled_snr_trains_blocks_that_weigh_nothing_when_no_others_have_steps_left()
    {
        RunState state = RunState.Begin(new Scenario("sampled:snr", 3, 10, 1, [1], 0, 0, false, null, 11).Goal with { Weights = [0, 5, 0] });

        Assert.Equal([10, 10, 10], Serial(state, 30));
    }

    // Halfway, a block that is s steps behind is more likely: the spread stays below the uniform choice's.
    [Fact]
    public void Sampled_progress_keeps_blocks_closer_together_than_sampled_does()
    {
        long Spread(string policy) => Enumerable.Range(0, 20).Sum(seed =>
        {
            long[] clocks = Serial(RunState.Begin(new Scenario(policy, 4, 200, 1, [1], 0, 0, false, null, seed).Goal), 700);
            return clocks.Max() - clocks.Min();
        });

        Assert.True(Spread("sampled:progress") < Spread("sampled") * 0.9);
    }

    [Fact]
    public void Sampled_chooses_the_same_blocks_again_for_the_same_seed()
    {
        Scenario scenario = new("sampled", 5, 20, 1, [1], 0, 0, false, null, 11);

        Assert.Equal(VirtualRun.Of(scenario).Accepts.Select(a => a.Lease), VirtualRun.Of(scenario).Accepts.Select(a => a.Lease));
    }

    [Fact]
    public void Bounded_stays_with_a_block_whose_state_the_worker_has()
    {
        PolicyView view = new([5, 5, 5], [false, false, false], 10, 10, 0, 0);

        PolicyDecision decision = BoundedPolicy.Bounded(8).Next(view, new LeaseRequest(new HashSet<BlockId> { new(2) }));

        Assert.Equal(new PolicyDecision.Run(new BlockId(2), new StepRange(5, 9)), decision);
    }

    [Fact]
    public void Bounded_gives_a_slow_worker_a_short_visit_to_the_most_advanced_block_within_the_bound()
    {
        PolicyView view = new([5, 9, 12, 13], [false, false, false, false], 100, 100, 0, 0);

        PolicyDecision decision = BoundedPolicy.Bounded(8).Next(view, new LeaseRequest(new HashSet<BlockId>()) { Slowness = 2 });

        Assert.Equal(new PolicyDecision.Run(new BlockId(3), new StepRange(12, 13)), decision);
    }

    [Fact]
    public void Bounded_lets_a_worker_keep_a_block_while_another_one_is_less_than_a_visit_behind()
    {
        PolicyView view = new([8, 7, 4], [false, false, false], 20, 20, 0, 0);

        PolicyDecision decision = BoundedPolicy.Bounded(8).Next(view, new LeaseRequest(new HashSet<BlockId> { new(1), new(2) }));

        Assert.Equal(new PolicyDecision.Run(new BlockId(2), new StepRange(7, 11)), decision);
    }

    [Fact]
    public void Bounded_prefers_a_block_that_is_a_visit_behind_to_one_that_the_worker_has()
    {
        PolicyView view = new([8, 8, 4], [false, false, false], 20, 20, 0, 0);

        PolicyDecision decision = BoundedPolicy.Bounded(8).Next(view, new LeaseRequest(new HashSet<BlockId> { new(2) }));

        Assert.Equal(new PolicyDecision.Run(new BlockId(3), new StepRange(4, 8)), decision);
    }

    // Measured: 66 of some 2,500 leases, at the beginning and where the fifth block of each worker is due.
    [Fact]
    public void Bounded_moves_few_blocks_between_two_equal_workers() => Assert.InRange(
        Simulator.Run(new(PolicySet.OfBlocks("bounded:8")) { Blocks = 10, Slots = [1, 1] }).Moves, 0, 125);

    [Fact]
    public void Lockstep_waits_while_the_last_block_makes_its_step() => Assert.IsType<PolicyDecision.Wait>(
        BoundedPolicy.Lockstep().Next(new PolicyView([6, 6, 5], [false, false, true], 10, 10, 0, 0), new LeaseRequest(new HashSet<BlockId>())));

    // Measured: 0.98. Blocks that were pinned to the workers would keep 0.31: all wait for the slow one.
    [Fact]
    public void Bounded_keeps_nine_tenths_of_the_ideal_with_one_of_four_workers_four_times_slower() =>
        Assert.InRange(Progress("bounded:8", 12, worker => worker == "worker-0" ? 4 : 1), 0.88, 1);

    [Fact]
    public void Bounded_keeps_nearly_all_of_the_ideal_with_blocks_that_do_not_divide_evenly_among_equal_workers() =>
        Assert.InRange(Progress("bounded:8", 10, _ => 1), 0.96, 1);

    /// <summary>Clocks after so many leases of a worker with one slot, each committed at once.</summary>
    private static long[] Serial(RunState state, int leases)
    {
        (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, new RunInput.WorkerJoined("west", 1), TimeSpan.Zero);
        for (int i = 0; i < leases; i++)
        {
            Lease lease = effects.OfType<RunEffect.Grant>().Single().Lease;
            (state, effects) = RunLogic.Decide(state, new RunInput.Committed(lease, lease.Steps.To), TimeSpan.Zero);
        }

        return [.. state.Blocks.Select(block => block.Clock)];
    }

    /// <summary>Balanced progress of 200 steps a block on four workers of one slot, as a share of what they could do if none ever waited.</summary>
    private static double Progress(string policy, int blocks, Func<string, double> seconds)
    {
        Scenario scenario = new(policy, blocks, 200, 1, [1, 1, 1, 1], 0, 0, false, null, 1);
        VirtualRun run = VirtualRun.Of(scenario, worker => TimeSpan.FromSeconds(seconds(worker)));
        double possible = run.Elapsed.TotalSeconds * Enumerable.Range(0, 4).Sum(i => 1 / seconds($"worker-{i}"));
        return blocks * scenario.Goal.Target / possible;
    }
}
