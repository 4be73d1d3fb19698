using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>Blocks that are pinned to workers.</summary>
public sealed class PlacementTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_pinned_block_is_trained_by_one_worker_alone() => Scenario.Any.Sample(
        scenario => Assert.All(
            VirtualRun.Of(scenario with { Placement = Placement.Pinned, Deaths = 0 }).Accepts.GroupBy(accepted => accepted.Lease.Block),
            block => Assert.Single(block.Select(accepted => accepted.Lease.Worker).Distinct())),
        iter: 100);

    [Fact]
    public void Pinned_blocks_are_balanced_over_the_slots_of_the_workers_that_are_there() => Assert.Equal(
        [2, 2, 2, 4],
        Run(new Scenario("async", 10, 10, 1, [1, 1, 1, 2], 0, 0, false, null, 2)).OrderBy(home => home.Key).Select(home => home.Value));

    // 10 blocks on 4 workers: those with three are never idle, those with two a third of the time.
    [Fact]
    public void Pinned_keeps_ten_twelfths_of_the_ideal_with_ten_blocks_on_four_equal_workers()
    {
        Scenario scenario = new("bounded:8", 10, 200, 1, [1, 1, 1, 1], 0, 0, false, null, 1) { Placement = Placement.Pinned };
        VirtualRun run = VirtualRun.Of(scenario, _ => TimeSpan.FromSeconds(1));

        Assert.InRange(10 * 200 / (4 * run.Elapsed.TotalSeconds), 0.79, 10.0 / 12);
    }

    [Fact]
    public void A_pinned_block_waits_for_its_worker_until_the_lease_timeout()
    {
        RunState state = West(out Lease lease);

        (state, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, new RunInput.WorkerJoined("east", 4), TimeSpan.FromSeconds(2));
        (state, ImmutableList<RunEffect> early) = RunLogic.Decide(state, new RunInput.Tick(), Timeout);

        Assert.DoesNotContain(effects.Concat(early).OfType<RunEffect.Grant>(), grant => grant.Lease.Block == lease.Block);
        Assert.DoesNotContain(state.Leases, held => held.Block == lease.Block);
    }

    [Fact]
    public void A_pinned_block_is_given_a_new_home_after_the_lease_timeout()
    {
        RunState state = West(out Lease lease);

        (state, _) = RunLogic.Decide(state, new RunInput.WorkerJoined("east", 4), TimeSpan.FromSeconds(2));
        (state, ImmutableList<RunEffect> late) = RunLogic.Decide(state, new RunInput.Tick(), TimeSpan.FromSeconds(1) + Timeout);

        Assert.Equal("east", late.OfType<RunEffect.Grant>().Single(grant => grant.Lease.Block == lease.Block).Lease.Worker);
    }

    [Fact]
    public void A_worker_that_comes_back_in_time_finds_its_pinned_block()
    {
        RunState state = West(out Lease lease);

        (state, _) = RunLogic.Decide(state, new RunInput.WorkerJoined("east", 4), TimeSpan.FromSeconds(2));
        (_, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, new RunInput.WorkerJoined("west", 1), TimeSpan.FromSeconds(3));

        Assert.Equal([lease.Block], effects.OfType<RunEffect.Grant>().Where(grant => grant.Lease.Worker == "west").Select(grant => grant.Lease.Block));
    }

    /// <summary>A worker has been given one of two blocks, and has died.</summary>
    private static RunState West(out Lease lease)
    {
        Scenario scenario = new("bounded:8", 2, 10, 1, [1], 0, 0, false, null, 1) { Placement = Placement.Pinned };
        (RunState state, ImmutableList<RunEffect> effects) = RunLogic.Decide(RunState.Begin(scenario.Goal), new RunInput.WorkerJoined("west", 1), TimeSpan.Zero);
        lease = effects.OfType<RunEffect.Grant>().Single().Lease;
        (state, _) = RunLogic.Decide(state, new RunInput.WorkerLeft("west"), TimeSpan.FromSeconds(1));
        return state;
    }

    /// <summary>How many blocks each worker has trained, where every worker is there before the first step is made.</summary>
    private static Dictionary<string, int> Run(Scenario scenario) => VirtualRun
        .Of(scenario with { Placement = Placement.Pinned }, _ => TimeSpan.FromSeconds(5)).Accepts
        .GroupBy(accepted => accepted.Lease.Worker)
        .ToDictionary(worker => worker.Key, worker => worker.Select(accepted => accepted.Lease.Block).Distinct().Count());
}
