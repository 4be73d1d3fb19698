using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Faults;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary>From a file of faults to a schedule.</summary>
public sealed class FaultScheduleTests
{
    private const long TotalSteps = 1_000_000;

    private static readonly Gen<FaultTime> Times = Gen.OneOf(
        Gen.Int[0, 999_999].Select(steps => new FaultTime(FaultUnit.Steps, steps, 1)),
        Gen.Int[0, 99].Select(percent => new FaultTime(FaultUnit.Percent, percent, 1)),
        Gen.Select(Gen.Int[1, 9_000], Gen.Int[1, 100], (steps, rounds) => new FaultTime(FaultUnit.Steps, steps, rounds)),
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], (starts, rounds) => new FaultTime(FaultUnit.ColdStarts, starts, rounds)));

    private static readonly Gen<FaultPlan> Plans = Gen.Select(
        Gen.ULong, Gen.Int[1, 12], Gen.Select(Times, Gen.Bool).Array[0, 12], (seed, workers, faults) => new FaultPlan(
            seed, 1, workers, 1, null,
            [.. faults.Select((fault, i) => new Fault(i + 1, FaultKind.Kill, fault.Item1, [fault.Item2 ? FaultPlan.AnyWorker : "worker-1"], null, 1, TimeSpan.Zero))]));

    [Fact]
    public void The_same_plan_gives_the_same_schedule() => Plans.Sample(plan =>
        Describe(FaultSchedule.Of(plan, TotalSteps)).SequenceEqual(Describe(FaultSchedule.Of(plan with { Faults = [.. plan.Faults] }, TotalSteps))));

    [Fact]
    public void Every_round_of_every_fault_is_there_once() => Plans.Sample(plan =>
        plan.Faults.SelectMany(fault => Enumerable.Range(1, fault.Time.Rounds).Select(round => (fault.Number, round))).ToHashSet()
            .SetEquals(FaultSchedule.Of(plan, TotalSteps).Select(planned => (planned.Fault.Number, planned.Round)))
        && FaultSchedule.Of(plan, TotalSteps).Length == plan.Faults.Sum(fault => fault.Time.Rounds));

    [Fact]
    public void Faults_at_steps_come_in_the_order_of_the_steps_and_within_the_run() => Plans.Sample(plan =>
    {
        long[] steps = [.. FaultSchedule.Of(plan, TotalSteps).Select(planned => planned.AtStep).OfType<long>()];
        return steps.SequenceEqual(steps.Order()) && steps.All(step => step is >= 0 and < TotalSteps);
    });

    [Fact]
    public void A_choice_by_the_seed_is_an_order_of_all_workers() => Plans.Sample(plan =>
        FaultSchedule.Of(plan, TotalSteps).Where(planned => planned.Fault.Targets is [FaultPlan.AnyWorker]).All(planned =>
            planned.Candidates.Order(StringComparer.Ordinal).SequenceEqual(Enumerable.Range(1, plan.Workers).Select(FaultPlan.WorkerName).Order(StringComparer.Ordinal))));

    [Fact]
    public void A_change_of_one_fault_leaves_the_choices_of_the_others() => Plans.Where(plan => plan.Faults.Length > 1).Sample(plan =>
    {
        FaultPlan changed = plan with { Faults = plan.Faults.SetItem(0, plan.Faults[0] with { Time = new(FaultUnit.Steps, 5, 1) }) };
        return Others(plan).SetEquals(Others(changed));

        static HashSet<string> Others(FaultPlan plan) => [.. Describe(FaultSchedule.Of(plan, TotalSteps)).Where(text => !text.StartsWith("1.", StringComparison.Ordinal))];
    });

    [Fact]
    public void Other_seeds_choose_other_workers()
    {
        FaultPlan plan = FaultFile.Parse(new SettingsFile("f", "nodes { workers = 2 }\nfaults = [ { every = 100, kill = any-worker, times = 64 } ]"));
        IEnumerable<string> First(ulong seed) => FaultSchedule.Of(plan with { Seed = seed }, TotalSteps).Select(planned => planned.Candidates[0]);

        Assert.NotEqual(First(1), First(2));
        Assert.Equal(["worker-1", "worker-2"], First(1).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("at = 25%", 300)]
    [InlineData("at = 0.1%", 1)]
    [InlineData("at = 1199", 1199)]
    public void A_share_is_one_of_the_runs_block_steps(string time, long step)
    {
        FaultPlan plan = FaultFile.Parse(new SettingsFile("f", $"faults = [ {{ {time}, head = fail }} ]"));

        Assert.Equal(step, Assert.Single(FaultSchedule.Of(plan, 1200)).AtStep);
    }

    [Theory]
    [InlineData("{ at = 1200, head = fail }", "fault 1 (head fail) is to come after 1200 block steps, and the run has 1200")]
    [InlineData("{ every = 500, kill = worker-1, times = 3 }", "fault 1 (kill worker-1), round 3, is to come after 1500 block steps, and the run has 1200")]
    public void A_fault_after_the_end_of_the_run_is_refused(string fault, string begins)
    {
        FaultPlan plan = FaultFile.Parse(new SettingsFile("f", $"faults = [ {fault} ]"));

        Assert.StartsWith(begins, Assert.Throws<SettingsException>(() => FaultSchedule.Of(plan, 1200)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_joins_can_be_chosen()
    {
        FaultPlan plan = FaultFile.Parse(new SettingsFile("f", "nodes { workers = 1 }\nfaults = [ { at = 1, join = worker-2 }, { at = 2, kill = any-worker } ]"));

        Assert.Equal(["worker-1", "worker-2"], FaultSchedule.Of(plan, 1200)[1].Candidates.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Describe(ImmutableArray<PlannedFault> schedule) =>
        schedule.Select(planned => $"{planned.Fault.Number}.{planned.Round} {planned.AtStep} {planned.ColdStarts} {string.Join(',', planned.Candidates)}");
}
