using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Replicas;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>How replicas are named in settings, and what the trainer decides about them.</summary>
public sealed class ReplicaPolicyTests
{
    private static readonly TimeSpan Now = TimeSpan.Zero;

    public static TheoryData<string, ReplicaRule> Texts { get; } = new()
    {
        { "local-sgd", new LocalSgd(10) },
        { "local-sgd:3", new LocalSgd(3) },
        { "easgd", new Easgd(null, 10) },
        { "easgd:0.25,7", new Easgd(0.25, 7) },
        { "delayed-nesterov:4", new DelayedNesterov(4) },
        { "delayed-nesterov:4,0.7,0.9", new DelayedNesterov(4, 0.7, 0.9) },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_names_a_policy(string text, ReplicaRule rule) => Assert.Equal(rule, ReplicaPolicies.Parse(text));

    [Fact]
    public void A_policy_is_written_as_a_text_that_names_it() =>
        Assert.All(Texts.Select(row => (ReplicaRule)row[1]), rule => Assert.Equal(rule, ReplicaPolicies.Parse(ReplicaPolicies.TextOf(rule))));

    [Theory]
    [InlineData("average", "unknown replica policy 'average'; the policies are local-sgd:H, easgd:ALPHA,H, delayed-nesterov:H")]
    [InlineData("local-sgd:0", "replica policy 'local-sgd:0': the steps between meetings must be a whole number from 1 to 1000000, as in local-sgd:10")]
    [InlineData("local-sgd:x", "replica policy 'local-sgd:x': the steps between meetings must be a whole number from 1 to 1000000, as in local-sgd:10")]
    [InlineData("easgd:0.3", "replica policy 'easgd:0.3' needs a force and a number of steps, as in easgd:0.3,10")]
    [InlineData("easgd:1.5,3", "replica policy 'easgd:1.5,3': the force must be a number from 0 to 1, as in easgd:0.3,10 or delayed-nesterov:10,0.7,0.5")]
    [InlineData("delayed-nesterov:3,1,1", "replica policy 'delayed-nesterov:3,1,1': the momentum must be a number from 0 to 0.999, as in easgd:0.3,10 or delayed-nesterov:10,0.7,0.5")]
    public void A_text_that_names_none_is_refused(string text, string error) => Assert.Equal(error, Assert.Throws<NoPropException>(() => ReplicaPolicies.Parse(text)).Message);

    [Fact]
    public void A_lease_ends_at_the_next_meeting()
    {
        (_, ImmutableList<RunEffect> effects) = Join(Begin("local-sgd:3"), 1);

        Assert.Equal(new StepRange(0, 3), Assert.Single(effects.OfType<RunEffect.Grant>()).Lease.Steps);
    }

    [Fact]
    public void A_replica_that_meets_the_others_is_given_to_nobody_until_it_may_go_on()
    {
        (RunState state, ImmutableList<RunEffect> effects) = Join(Begin("easgd:0.3,3"), 2);
        Lease first = effects.OfType<RunEffect.Grant>().First().Lease;

        (state, ImmutableList<RunEffect> met) = RunLogic.Decide(state, new RunInput.Committed(first, 3), Now);
        (_, ImmutableList<RunEffect> on) = RunLogic.Decide(state, new RunInput.Met(first.Block), Now);

        Assert.Equal(first.Block, Assert.Single(met.OfType<RunEffect.Meet>()).Replica);
        Assert.Empty(met.OfType<RunEffect.Grant>());
        Assert.Equal((first.Block, new StepRange(3, 6)), (Assert.Single(on.OfType<RunEffect.Grant>()).Lease.Block, on.OfType<RunEffect.Grant>().Single().Lease.Steps));
    }

    [Fact]
    public void An_epoch_is_over_and_a_run_complete_only_after_its_last_meeting()
    {
        RunState state = RunState.Begin(Goal("local-sgd:10"), [10, 10], headClock: 20, meeting: new HashSet<int> { 0, 1 });

        (state, ImmutableList<RunEffect> before) = RunLogic.Decide(state, new RunInput.Met(new(1)), Now);
        (_, ImmutableList<RunEffect> after) = RunLogic.Decide(state, new RunInput.Met(new(2)), Now);

        Assert.Empty(before);
        Assert.Equal([new RunEffect.EpochCompleted(1), new RunEffect.Ended(true, null)], after);
    }

    [Fact]
    public void A_policy_that_lets_replicas_wait_for_one_that_it_does_not_train_is_named()
    {
        RunGoal goal = Goal("local-sgd:3") with { Policies = PolicyCatalog.BuiltIn.Parse(new PolicySettings("algorithm1", Replicas: "local-sgd:3")) };
        (RunState state, ImmutableList<RunEffect> effects) = Join(RunState.Begin(goal), 1);

        (_, effects) = RunLogic.Decide(state, new RunInput.Committed(effects.OfType<RunEffect.Grant>().Single().Lease, 3), Now);

        Assert.Equal("the policy 'algorithm1' lets every worker wait, and no lease is out", Assert.Single(effects.OfType<RunEffect.Ended>()).Failure);
    }

    [Fact]
    public void A_policy_sees_replicas_by_their_names() =>
        Assert.Equal(["block 1, replica 1", "block 1, replica 2"], Begin("local-sgd:3").View.Free.Select(block => block.ToString()));

    private static RunGoal Goal(string rule) =>
        new(2, 10, 1, 0, PolicyCatalog.BuiltIn.Parse(new PolicySettings("async", Replicas: rule)), TimeSpan.FromMinutes(1)) { Replicas = 2 };

    private static RunState Begin(string rule) => RunState.Begin(Goal(rule));

    private static (RunState State, ImmutableList<RunEffect> Effects) Join(RunState state, int slots) => RunLogic.Decide(state, new RunInput.WorkerJoined("west", slots), Now);
}
