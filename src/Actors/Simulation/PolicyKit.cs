using System.Collections.Immutable;
using System.Globalization;
using NoProp.Actors.Policies;

namespace NoProp.Actors.Simulation;

/// <summary>What came of checking policies.</summary>
/// <param name="Runs">Runs simulated.</param>
/// <param name="Steps">Steps made in them.</param>
/// <param name="Switches">Switches of policies in them.</param>
/// <param name="Violations">Promises that were broken, each with the run in which it happened; empty where none was.</param>
public sealed record PolicyReport(int Runs, long Steps, long Switches, ImmutableArray<string> Violations);

/// <summary>
/// Checks policies, built-in or a user's own, in many random runs: workers of different speeds that die, stall past their leases and come
/// back, and policies that are switched on the way. What must hold in each: it ends, so that no block starves; every step of every block has
/// its effect once, applied, held for a round or rejected; leases are exclusive and no more than slots; a commit under a void lease is refused
/// and counted; no block goes further ahead than <see cref="IUpdatePolicy.MaxLead"/>, and a sequential policy trains one at a time; no
/// gradient beyond a lag bound is applied; a replica leaves a meeting only when it is over, and none is passed by.
/// </summary>
public static class PolicyKit
{
    private const int MostViolations = 10;

    // Of the built-in policies, where the settings say nothing of it.
    private const int LongestVisit = 8;

    /// <summary>Simulates runs until so many steps are made, or a run breaks a promise.</summary>
    /// <param name="policies">The policies; those of a user's own are named as in settings.</param>
    /// <param name="steps">Steps to make, at least.</param>
    /// <param name="catalog">Where policies are found by name; the built-in ones where null.</param>
    /// <param name="switches">Policies that runs are switched to and from, in turn with <paramref name="policies"/>; none where null.</param>
    /// <param name="seed">Seed of the runs.</param>
    /// <exception cref="NoProp.Models.NoPropException">A policy is not known.</exception>
    public static PolicyReport Check(
        PolicySettings policies, long steps = 100_000, PolicyCatalog? catalog = null, IReadOnlyList<PolicySettings>? switches = null, int seed = 0)
    {
        catalog ??= PolicyCatalog.BuiltIn;
        PolicySet set = catalog.Parse(policies);
        ImmutableArray<PolicySet> others = switches is null ? [] : [.. switches.Select(catalog.Parse).SelectMany(other => (PolicySet[])[other, set])];
        ImmutableArray<string>.Builder violations = ImmutableArray.CreateBuilder<string>();
        (int runs, long made, long switched) = (0, 0, 0);
        for (; made < steps && violations.Count < MostViolations; runs++)
        {
            SimulationSettings scenario = Scenario(set, others, new Random(unchecked(seed * 1_000_003 + runs)), (ulong)runs);
            SimulationResult result = Simulator.Run(scenario);
            made += result.Executed;
            switched += result.Switched;
            violations.AddRange(result.Violations.Select(violation => $"{violation} [{Words(scenario)}]"));
        }

        return new(runs, made, switched, violations.ToImmutable());
    }

    private static SimulationSettings Scenario(PolicySet set, ImmutableArray<PolicySet> others, Random random, ulong seed)
    {
        int workers = random.Next(1, 6);
        int perEpoch = random.Next(1, 16);
        bool Sometimes() => random.Next(2) == 0;
        TimeSpan Seconds(double from, double to) => TimeSpan.FromSeconds(from + random.NextDouble() * (to - from));
        TimeSpan stepTime = Seconds(0.05, 0.5);
        double slowest = 1 + 7 * random.NextDouble();
        TimeSpan stall = Seconds(1, 60);
        // Where workers live, or are awake, less long than a lease takes, no policy comes to an end.
        double lease = (set.Settings.Visit ?? LongestVisit) * stepTime.TotalSeconds * slowest;
        int blocks = random.Next(1, 13);
        bool replicas = Sometimes() && others.Add(set).All(policies => policies.FaultWithReplicas is null);
        return new(set)
        {
            Blocks = replicas ? (blocks + 3) / 4 : blocks,
            Replicas = replicas ? random.Next(2, 5) : 1,
            MeetingTime = Seconds(0, 0.5),
            StepsPerEpoch = perEpoch,
            Steps = (long)perEpoch * random.Next(1, 6),
            Slots = [.. Enumerable.Range(0, workers).Select(_ => random.Next(1, 5))],
            Slowness = [.. Enumerable.Range(0, workers).Select(_ => Sometimes() ? 1 : 1 + (slowest - 1) * random.NextDouble())],
            StepTime = stepTime,
            Jitter = random.NextDouble(),
            CommitTime = Seconds(0, 0.1),
            HeadTime = Sometimes() ? TimeSpan.Zero : Seconds(0, 0.05),
            KillEvery = Sometimes() ? null : Seconds(lease, 4 * lease),
            Restart = Seconds(0.1, 30),
            StallEvery = Sometimes() ? null : Seconds(1, 4) * (stall.TotalSeconds + lease),
            StallFor = stall,
            LeaseTimeout = Seconds(10, 20),
            Link = Sometimes() ? null : 1e9,
            Latency = Seconds(0, 0.05),
            SharedValues = Sometimes() ? 0 : random.Next(1, 1_000),
            Switches = others,
            SwitchEvery = others.IsEmpty ? null : Seconds(0.5, 10),
            Seed = seed,
        };
    }

    private static string Words(SimulationSettings run) => string.Create(
        CultureInfo.InvariantCulture,
        $"run {run.Seed}: {run.Policies.Blocks.Name}, {run.Blocks} blocks x {run.Replicas} x {run.Steps} steps, slots {string.Join(" ", run.Slots)}, {(run.Coupled ? $"embedding {run.Policies.Embedding.Name}, lag {run.Policies.EmbeddingLag}" : "nothing shared")}");
}
