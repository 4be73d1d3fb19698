using NoProp.Actors.Policies;
using NoProp.Actors.Simulation;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Simulation;

/// <summary>Every built-in policy under the kit that is there for a user's own, and policies that the kit must not let through.</summary>
public sealed class PolicyKitTests
{
    // Eleven policies of blocks, eleven of the embedding and four of replicas: more than a million steps in all. The benchmarks make a million with each.
    private const long Steps = 20_000;

    private static readonly PolicySettings[] Others =
    [
        new("lockstep", Embedding: "averaged", Replicas: "easgd:0.3,4"),
        new("async", Embedding: "gossip", Refresh: 3, Replicas: "local-sgd:2"),
        new("bounded:2", Placement.Pinned, EmbeddingLag: "reject:1", Head: "free-running:3", Replicas: "delayed-nesterov:3"),
    ];

    [Theory]
    [InlineData("algorithm1")]
    [InlineData("sampled")]
    [InlineData("sampled:snr")]
    [InlineData("sampled:progress")]
    [InlineData("lockstep")]
    [InlineData("bounded:1")]
    [InlineData("bounded:3")]
    [InlineData("bounded:8")]
    [InlineData("async")]
    public void No_delay_kill_or_switch_breaks_a_promise_of_a_policy_of_the_blocks(string policy) => Holds(new(policy));

    [Theory]
    [InlineData("bounded:8", 5)]
    [InlineData("async", null)]
    public void No_delay_kill_or_switch_breaks_a_promise_of_pinned_blocks(string policy, int? visit) => Holds(new(policy, Placement.Pinned, visit));

    [Theory]
    [InlineData("immediate", "none", "with-block", 1)]
    [InlineData("immediate", "reject:0", "with-block", 1)]
    [InlineData("immediate", "reject:3", "free-running:4", 4)]
    [InlineData("immediate", "wait:0", "with-block", 1)]
    [InlineData("immediate", "wait:4", "with-block", 3)]
    [InlineData("immediate", "wait:9", "free-running:7", 2)]
    [InlineData("averaged", "none", "with-block", 1)]
    [InlineData("averaged", "none", "free-running:2", 5)]
    [InlineData("staleness-scaled:1", "none", "with-block", 1)]
    [InlineData("delay-compensated:0.04", "wait:20", "with-block", 8)]
    [InlineData("gossip", "reject:10", "free-running:1", 2)]
    public void No_delay_kill_or_switch_breaks_a_promise_of_a_policy_of_the_embedding(string embedding, string lag, string head, int refresh) =>
        Holds(new("async", Embedding: embedding, EmbeddingLag: lag, Head: head, Refresh: refresh));

    [Theory]
    [InlineData("bounded:8", "local-sgd:1")]
    [InlineData("bounded:2", "local-sgd:7")]
    [InlineData("async", "easgd")]
    [InlineData("sampled", "delayed-nesterov:4")]
    public void No_delay_kill_or_switch_breaks_a_promise_of_a_policy_of_replicas(string blocks, string replicas) => Holds(new(blocks, Replicas: replicas));

    [Fact]
    public void Runs_of_the_kit_are_switched() => Assert.True(Check(new("bounded:8")).Switches > 100);

    [Fact]
    public void The_own_policy_of_the_documentation_passes_as_the_documentation_says()
    {
        PolicyReport report = PolicyKit.Check(new PolicySettings("type:My.Policies.RoundRobin:3"), steps: 20_000, switches: [new("async"), new("lockstep")]);

        Assert.Empty(report.Violations);
        Assert.True(report.Steps >= 20_000);
    }

    [Fact]
    public void A_policy_that_goes_ahead_of_its_bound_is_found() => Finds(new Faulty(4, (view, _) => Run(view, FirstFree(view), 5)), "ahead under faulty");

    [Fact]
    public void A_policy_that_goes_beyond_the_goal_is_found() => Finds(new Faulty(null, (view, _) => Run(view, FirstFree(view), view.Target + 1)), "ends by step");

    [Fact]
    public void A_policy_that_starves_a_block_is_found() => Finds(
        new Faulty(null, (view, _) => view.Free.Where(block => block.Index > 0).Cast<BlockId?>().FirstOrDefault() is { } block ? Run(view, block, 1) : new PolicyDecision.Wait()),
        "lets every worker wait");

    [Fact]
    public void A_policy_that_trains_a_block_twice_at_once_is_found() => Finds(new Faulty(null, (view, _) => Run(view, view.Block(0), 1)), "trains it");

    [Fact]
    public void A_policy_that_throws_is_found() => Finds(new Faulty(null, (_, _) => throw new InvalidOperationException("out of luck")), "out of luck");

    private static void Holds(PolicySettings policies) => Assert.Empty(Check(policies).Violations);

    private static PolicyReport Check(PolicySettings policies) => PolicyKit.Check(policies, Steps, switches: Others);

    private static void Finds(IUpdatePolicy policy, string violation) => Assert.Contains(
        PolicyKit.Check(new("faulty"), 2_000, PolicyCatalog.BuiltIn.With("faulty", _ => policy)).Violations,
        found => found.Contains(violation, StringComparison.Ordinal));

    private static BlockId FirstFree(PolicyView view) => view.Free.FirstOrDefault(view.Block(0));

    private static PolicyDecision.Run Run(PolicyView view, BlockId block, long steps) =>
        new(block, new StepRange(view.Clocks[block.Index], view.Clocks[block.Index] + steps));

    private sealed class Faulty(long? maxLead, Func<PolicyView, LeaseRequest, PolicyDecision> next) : IUpdatePolicy
    {
        public string Name => "faulty";

        public long? MaxLead => maxLead;

        public PolicyDecision Next(PolicyView view, LeaseRequest request) => next(view, request);
    }
}
