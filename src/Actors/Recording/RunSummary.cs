using System.Collections.Immutable;
using System.Text.Json;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Recording;

/// <summary>What a run was, for its summary.</summary>
/// <param name="Method">Training method.</param>
/// <param name="Data">Data set.</param>
/// <param name="Network">Layout of the block network.</param>
/// <param name="Blocks">Number of blocks T.</param>
/// <param name="Policy">Update policy.</param>
/// <param name="Slots">Blocks trained at once.</param>
/// <param name="Seed">Seed.</param>
/// <param name="Versions">Versions of the software.</param>
public sealed record RunDescription(
    string Method, string Data, string Network, int Blocks, string Policy, int Slots, ulong Seed, IReadOnlyDictionary<string, string> Versions)
{
    /// <summary>All policies, by the names of <see cref="PolicyTable"/>.</summary>
    public IReadOnlyDictionary<string, string> Policies { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The same run under other policies.</summary>
    public RunDescription With(PolicySettings policies) => this with { Policy = policies.Blocks, Policies = PolicyTable.Texts(policies) };
}

/// <summary><c>summary.json</c>.</summary>
public sealed record RunSummary(
    string Outcome,
    string? Reason,
    double? TestAccuracy,
    ImmutableArray<double> TestAccuracyPerBlock,
    int Epochs,
    long BlockSteps,
    double BlockStepsPerSecond,
    double BalancedProgress,
    double WallSeconds,
    string WeightsSha256,
    string Method,
    string Data,
    string Network,
    int Blocks,
    string Policy,
    int Slots,
    ulong Seed,
    IReadOnlyDictionary<string, string> Versions)
{
    /// <summary>The policies that held at the end, by name; empty in a summary of an earlier version.</summary>
    public IReadOnlyDictionary<string, string> Policies { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Slots that were alive, held a lease and contributed, mean over the last session; null in a summary of an earlier version.</summary>
    public SlotCounts? SlotsMean { get; init; }

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The summary of a run that is over.</summary>
    public static RunSummary Of(RunDescription run, RunEnded ended) => new(
        ended.Outcome.ToString().ToLowerInvariant(),
        ended.Reason,
        ended.Figures.TestAccuracyPerBlock is [.., double last] ? last : null,
        ended.Figures.TestAccuracyPerBlock,
        ended.Figures.Epochs,
        ended.Figures.BlockSteps,
        ended.Figures.BlockStepsPerSecond,
        ended.Figures.BalancedProgress,
        ended.Figures.WallTime.TotalSeconds,
        ended.Figures.WeightsSha256,
        run.Method,
        run.Data,
        run.Network,
        run.Blocks,
        run.Policy,
        run.Slots,
        run.Seed,
        run.Versions)
    {
        Policies = run.Policies,
        SlotsMean = ended.Figures.Slots,
    };

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>A file's content.</summary>
    /// <exception cref="JsonException">It is no summary.</exception>
    public static RunSummary FromJson(string text) => JsonSerializer.Deserialize<RunSummary>(text, Options) ?? throw new JsonException("empty summary");
}
