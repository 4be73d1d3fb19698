using CsCheck;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>What holds in every run, whatever the policy, the workers and their accidents.</summary>
public sealed class RunLogicTests
{
    private const int Runs = 150;

    [Fact]
    public void Every_run_ends_with_the_goal_reached() =>
        Scenario.Any.Sample(scenario => VirtualRun.Of(scenario).Ends is [{ Complete: true, Failure: null }], iter: Runs);

    [Fact]
    public void Every_block_makes_each_of_its_steps_once_and_in_order() => Scenario.Any.Sample(
        scenario =>
        {
            VirtualRun run = VirtualRun.Of(scenario);
            foreach (BlockId block in BlockId.UpTo(scenario.Blocks))
            {
                long clock = 0;
                foreach (Accepted accepted in run.Accepts.Where(accepted => accepted.Lease.Block == block))
                {
                    Assert.Equal(clock, accepted.Lease.Steps.From);
                    clock = accepted.To;
                }

                Assert.Equal(scenario.Goal.Target, clock);
            }
        },
        iter: Runs);

    [Fact]
    public void Leases_are_exclusive_in_time_and_never_more_than_slots() =>
        Scenario.Any.Sample(scenario => Assert.Empty(VirtualRun.Of(scenario).Violations), iter: Runs);

    [Fact]
    public void A_commit_under_a_void_lease_is_refused_and_counted() => Scenario.Any.Sample(
        scenario =>
        {
            VirtualRun run = VirtualRun.Of(scenario with { LateCommits = true });
            Assert.Equal(run.VoidCommits, run.State.RefusedCommits);
        },
        iter: Runs);

    [Fact]
    public void Accidents_of_these_runs_do_void_commits() =>
        Assert.True(VirtualRun.Of(new Scenario("bounded:8", 6, 15, 3, [2, 2], 6, 10, LateCommits: true, null, 1)).VoidCommits > 0);

    [Fact]
    public void Each_epoch_is_announced_once_and_in_order() => Scenario.Any.Sample(
        scenario => Assert.Equal(Enumerable.Range(1, scenario.Epochs), VirtualRun.Of(scenario).Epochs), iter: Runs);

    [Fact]
    public void The_head_makes_one_step_for_each_of_the_blocks() => Scenario.Any.Sample(
        scenario => Assert.Equal(scenario.Blocks * scenario.Goal.Target, VirtualRun.Of(scenario).State.HeadClock), iter: Runs);

    [Fact]
    public void A_run_that_is_stopped_ends_once_with_no_lease_out() => Scenario.Stopped.Sample(
        scenario =>
        {
            VirtualRun run = VirtualRun.Of(scenario);
            Assert.Single(run.Ends);
            Assert.Empty(run.State.Leases);
        },
        iter: Runs);

    [Fact]
    public void A_run_that_is_stopped_ends_with_the_head_at_the_blocks_steps() => Scenario.Stopped.Sample(
        scenario =>
        {
            VirtualRun run = VirtualRun.Of(scenario);
            Assert.Equal(run.State.TotalSteps, run.State.HeadClock);
        },
        iter: Runs);

    [Fact]
    public void A_run_that_is_stopped_breaks_no_rule() =>
        Scenario.Stopped.Sample(scenario => Assert.Empty(VirtualRun.Of(scenario).Violations), iter: Runs);

    [Fact]
    public void Stopping_a_resumed_run_before_a_worker_has_come_lets_the_head_catch_up()
    {
        RunState resumed = RunState.Begin(new Scenario("async", 2, 10, 1, [1], 0, 0, false, null, 0).Goal, [4, 2], headClock: 3);

        (_, var effects) = RunLogic.Decide(resumed, new RunInput.StopRequested(), TimeSpan.Zero);

        Assert.Equal([new RunEffect.AdvanceHead(6)], effects);
    }

    [Fact]
    public void A_run_that_is_broken_ends_with_the_reason()
    {
        RunState state = RunState.Begin(new Scenario("async", 2, 10, 1, [1], 0, 0, false, null, 0).Goal);

        (_, var effects) = RunLogic.Decide(state, new RunInput.Broken("the disk is full"), TimeSpan.Zero);

        Assert.Equal([new RunEffect.Ended(Complete: false, "the disk is full")], effects);
    }

    [Fact]
    public void A_lease_that_expires_names_who_waited_for_whom()
    {
        RunState state = RunState.Begin(new Scenario("bounded:8", 1, 10, 1, [1], 0, 0, false, null, 0).Goal);
        (state, _) = RunLogic.Decide(state, new RunInput.WorkerJoined("west", 1), TimeSpan.Zero);

        (_, var effects) = RunLogic.Decide(state, new RunInput.Tick(), TimeSpan.FromSeconds(20));

        Assert.Equal(
            "the trainer has waited 20 s for west to make a step of block 1 (steps 0..4)",
            effects.OfType<RunEffect.Revoke>().Single().Reason);
    }
}
