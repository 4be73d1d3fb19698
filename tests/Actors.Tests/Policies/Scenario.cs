using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;

namespace NoProp.Actors.Tests.Policies;

/// <summary>One run on a virtual clock, with everything that goes wrong in it; <paramref name="Seed"/> fixes the times.</summary>
/// <param name="Policy">Update policy.</param>
/// <param name="Blocks">Number of blocks T.</param>
/// <param name="StepsPerEpoch">Steps in an epoch.</param>
/// <param name="Epochs">Epochs.</param>
/// <param name="Slots">Slots of each worker.</param>
/// <param name="Deaths">How often a worker dies; each one returns.</param>
/// <param name="HangPercent">How many leases of a hundred are never heard of again.</param>
/// <param name="LateCommits">Whether what was revoked is still committed afterwards.</param>
/// <param name="StopAfter">Accepted commits after which somebody stops the run; null for never.</param>
/// <param name="Seed">Seed of the times.</param>
internal sealed record Scenario(
    string Policy, int Blocks, int StepsPerEpoch, int Epochs, int[] Slots, int Deaths, int HangPercent, bool LateCommits, int? StopAfter, int Seed)
{
    private static readonly string[] Policies = ["algorithm1", "sampled", "lockstep", "bounded:8", "bounded:1", "bounded:3", "async", "sampled:snr", "sampled:progress"];

    /// <summary>Who trains a block.</summary>
    public Placement Placement { get; init; }

    /// <summary>Steps in a lease at most; null for what suits the policy.</summary>
    public int? Visit { get; init; }

    /// <summary>Runs that are not stopped, of every policy.</summary>
    public static Gen<Scenario> Any { get; } = Of(Gen.Int[0, Policies.Length - 1].Select(i => Policies[i]));

    /// <summary>The same runs, stopped somewhere.</summary>
    public static Gen<Scenario> Stopped { get; } = Gen.Select(Any, Gen.Int[0, 30], (scenario, after) => scenario with { StopAfter = after });

    /// <summary>What the run is to reach.</summary>
    public RunGoal Goal => new(Blocks, StepsPerEpoch, Epochs, (ulong)Seed, PolicyCatalog.BuiltIn.Parse(new PolicySettings(Policy, Placement, Visit)), TimeSpan.FromSeconds(20))
    {
        Weights = [.. Enumerable.Range(1, Blocks).Select(t => (double)t * t)],
    };

    /// <summary>Runs of one of these policies.</summary>
    public static Gen<Scenario> Of(Gen<string> policy) => Gen.Select(
        policy,
        Gen.Int[1, 12],
        Gen.Int[1, 15],
        Gen.Int[1, 3],
        Gen.Int[1, 4].Array[1, 5],
        Gen.Int[0, 6],
        Gen.Int[0, 10],
        Gen.Select(Gen.Bool, Gen.Int[0, 1_000_000], Gen.Enum<Placement>(), Gen.Int[1, 12], Gen.Bool),
        (policy, blocks, steps, epochs, slots, deaths, hang, rest) =>
            new Scenario(policy, blocks, steps, epochs, slots, deaths, hang, rest.Item1, StopAfter: null, rest.Item2)
            {
                Placement = rest.Item3,
                Visit = rest.Item5 ? rest.Item4 : null,
            });

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Policy}, {Placement}, visit {Visit}, {Blocks} blocks x {StepsPerEpoch} steps x {Epochs} epochs, slots [{string.Join(", ", Slots)}], {Deaths} deaths, {HangPercent} % hang, "
        + $"late commits {LateCommits}, stop after {StopAfter}, seed {Seed}";
}
