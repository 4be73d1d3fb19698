using Akka.Actor;
using CsCheck;
using My.Policies;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Policies;
using NoProp.Actors.Training;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>The policy that docs/policies.md shows does what the text says, wherever a policy can be used.</summary>
public sealed class OwnPolicyEqualityTests
{
    private const string ByType = "type:My.Policies.RoundRobin:3";

    [Fact]
    public void The_policy_in_the_documentation_is_the_one_that_these_tests_run()
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "policies.md")).ReplaceLineEndings("\n");
        string source = File.ReadAllText(Path.Combine(Root(), "tests", "Actors.Tests", "Policies", "RoundRobin.cs")).ReplaceLineEndings("\n");

        Assert.Contains($"```csharp\n{source}```\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_own_policy_named_by_its_type_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits($"noprop.policy.blocks=\"{ByType}\"");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task An_own_policy_of_the_catalog_of_a_plan_ends_with_the_plain_loops_weights()
    {
        RunPlan plan = Runs.OnDigits("noprop.policy.blocks=round-robin:5");
        plan = plan with { Catalog = PolicyCatalog.BuiltIn.With("round-robin", argument => new RoundRobin(argument ?? "3")) };

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public async Task An_own_policy_is_found_when_a_run_switches_to_it_and_code_is_not_brought_along()
    {
        RunPlan plan = Runs.OnDigits("noprop.epochs=10");
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LocalSystem system = await LocalSystem.StartAsync(akka => akka.WithNoPropTraining(plan, runEvent =>
        {
            if (runEvent is RunEnded end)
            {
                ended.TrySetResult(end);
            }
        }));

        object answer = await system.Get<TrainerActor>()
            .Ask(new SetPolicies(new PolicySettings(ByType) { Assemblies = new(["no/such.dll"]) }), Runs.Patience);

        Assert.Equal(new CurrentPolicies(1, new PolicySettings(ByType)), answer);
        Assert.Equal(Runs.PlainLoopWeights(plan), (await ended.Task.WaitAsync(Runs.Patience)).Figures.WeightsSha256);
    }

    [Fact]
    public async Task Short_visits_keep_the_papers_order_where_blocks_share_an_embedding()
    {
        RunPlan plan = Runs.OnDigits("noprop.embedding.kind=learned", "noprop.policy.blocks=algorithm1", "noprop.policy.visit=3");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Theory]
    [InlineData("sampled:snr", "leased", "auto")]
    [InlineData("sampled:progress", "leased", "4")]
    [InlineData("bounded:8", "pinned", "3")]
    [InlineData("algorithm1", "pinned", "auto")]
    public async Task Choice_placement_and_visits_end_with_the_plain_loops_weights(string policy, string placement, string visit)
    {
        RunPlan plan = Runs.OnDigits($"noprop.policy.blocks={policy}", $"noprop.policy.placement={placement}", $"noprop.policy.visit={visit}");

        RunEnded ended = await plan.Train();

        Assert.Equal(Runs.PlainLoopWeights(plan), ended.Figures.WeightsSha256);
    }

    [Fact]
    public void Sampled_snr_weighs_the_blocks_of_discrete_time_with_the_gain_of_the_signal_to_noise_ratio()
    {
        DiscreteTime method = (DiscreteTime)Runs.OnDigits().Method;

        Assert.Equal(
            [.. Enumerable.Range(1, 4).Select(t => method.Schedule.Snr(t) - method.Schedule.Snr(t - 1))],
            Models.BlockId.UpTo(4).Select(((IMethod)method).SamplingWeight));
    }

    [Fact]
    public void An_own_policy_keeps_its_bound_and_loses_no_step_whatever_happens_to_the_workers() => Scenario.Of(Gen.Const(ByType)).Sample(
        scenario =>
        {
            VirtualRun run = VirtualRun.Of(scenario);
            Assert.Empty(run.Violations);
            Assert.All(run.Accepts, accepted => Assert.InRange(accepted.Clocks.Max() - accepted.Clocks.Min(), 0, 3));
            Assert.True(Assert.Single(run.Ends).Complete);
        },
        iter: 100);

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "NoProp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("no folder above the tests holds NoProp.sln");
    }
}
