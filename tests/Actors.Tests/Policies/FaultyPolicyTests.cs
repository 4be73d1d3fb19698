using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>A policy that breaks the rules ends the run with one line that says what it did, and never harms a block.</summary>
public sealed class FaultyPolicyTests
{
    [Theory]
    [InlineData(2, 0, 3, "chose block 3 of 2 blocks")]
    [InlineData(1, 1, 3, "chose steps 1..3 of block 2, but its next step is 0")]
    [InlineData(1, 0, 0, "chose steps 0..0 of block 2, but a lease has at least 1 step and ends by step 10")]
    [InlineData(1, 0, 11, "chose steps 0..11 of block 2, but a lease has at least 1 step and ends by step 10")]
    [InlineData(0, 0, 3, "chose block 1 for east, but west trains it")]
    public void An_answer_that_breaks_a_rule_ends_the_run_and_is_named(int index, long from, long to, string fault) => Assert.Equal(
        new RunEffect.Ended(false, $"the policy 'own' {fault}"),
        Second((_, _) => new PolicyDecision.Run(new BlockId(index + 1), new StepRange(from, to))));

    [Fact]
    public void A_policy_that_throws_ends_the_run_and_its_message_is_kept() => Assert.Equal(
        new RunEffect.Ended(false, "the policy 'own' failed: out of ideas"),
        Second((_, _) => throw new InvalidOperationException("out of ideas\nand of lines")));

    [Fact]
    public void A_policy_that_lets_all_wait_while_nothing_is_under_way_ends_the_run()
    {
        RunState state = RunState.Begin(Goal((_, _) => new PolicyDecision.Wait()));

        (_, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, new RunInput.WorkerJoined("west", 1), TimeSpan.Zero);

        Assert.Equal([new RunEffect.Ended(false, "the policy 'own' lets every worker wait, and no lease is out")], effects);
    }

    [Fact]
    public void A_policy_that_lets_all_wait_while_a_block_is_trained_is_asked_again_after_its_commit()
    {
        int asked = 0;
        Assert.Null(Second((_, _) =>
        {
            asked++;
            return new PolicyDecision.Wait();
        }));
        Assert.Equal(1, asked);
    }

    // Three workers join while a fourth one trains: one of them is asked each time, or all that wait.
    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 6)]
    public void A_policy_that_says_that_nothing_may_run_anywhere_is_asked_once_for_all_workers(bool forAll, int times)
    {
        int asked = 0;
        RunState state = RunState.Begin(Goal((view, request) =>
        {
            asked += request.Worker == "west" ? 0 : 1;
            return request.Worker == "west" ? new PolicyDecision.Run(view.Block(0), new StepRange(0, 4)) : new PolicyDecision.Wait(forAll);
        }));

        foreach (string worker in (string[])["west", "b", "c", "d"])
        {
            (state, _) = RunLogic.Decide(state, new RunInput.WorkerJoined(worker, 1), TimeSpan.Zero);
        }

        Assert.Equal(times, asked);
    }

    private static RunGoal Goal(Func<PolicyView, LeaseRequest, PolicyDecision> next) => new(
        2, 10, 1, 0, PolicyCatalog.BuiltIn.With("own", _ => new Own(next)).Parse(new PolicySettings("own")), TimeSpan.FromMinutes(1));

    /// <summary>What ends a run whose policy gives block 1 to a first worker, and then answers like this to a second one.</summary>
    private static RunEffect.Ended? Second(Func<PolicyView, LeaseRequest, PolicyDecision> then)
    {
        RunState state = RunState.Begin(Goal((view, request) => request.Worker == "west"
            ? new PolicyDecision.Run(view.Block(0), new StepRange(0, 4))
            : then(view, request)));
        (state, _) = RunLogic.Decide(state, new RunInput.WorkerJoined("west", 1), TimeSpan.Zero);
        (_, ImmutableList<RunEffect> effects) = RunLogic.Decide(state, new RunInput.WorkerJoined("east", 1), TimeSpan.Zero);
        return effects.OfType<RunEffect.Ended>().SingleOrDefault();
    }

    private sealed class Own(Func<PolicyView, LeaseRequest, PolicyDecision> next) : IUpdatePolicy
    {
        public string Name => "own";

        public PolicyDecision Next(PolicyView view, LeaseRequest request) => next(view, request);
    }
}
