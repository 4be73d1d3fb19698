using System.Collections.Immutable;
using System.Globalization;
using NoProp.Models;
using NoProp.Models.Embeddings;

namespace NoProp.Actors.Policies;

/// <summary>One of the policies of a run, by name.</summary>
/// <param name="Name">Its name in settings, below <c>noprop.policy</c>.</param>
/// <param name="Meaning">What it decides.</param>
/// <param name="Read">Its text.</param>
/// <param name="Write">The same policies with another text for it; null where the text cannot be one.</param>
public sealed record PolicyEntry(string Name, string Meaning, Func<PolicySettings, string> Read, Func<PolicySettings, string, PolicySettings?> Write);

/// <summary>All policies of a run by name: what can be shown, changed during a run, and compared.</summary>
public static class PolicyTable
{
    private const string Auto = "auto";

    /// <summary>The policies, in the order of noprop.conf.</summary>
    public static ImmutableArray<PolicyEntry> All { get; } =
    [
        new("blocks", "which block trains next", p => p.Blocks, (p, text) => p with { Blocks = text }),
        new(
            "placement",
            "who trains a block",
            p => p.Placement.ToString().ToLowerInvariant(),
            (p, text) => text switch
            {
                "leased" => p with { Placement = Placement.Leased },
                "pinned" => p with { Placement = Placement.Pinned },
                _ => null,
            }),
        new(
            "visit",
            "steps in a lease at most",
            p => p.Visit?.ToString(CultureInfo.InvariantCulture) ?? Auto,
            (p, text) => text == Auto ? p with { Visit = null } : Count(text) is { } count ? p with { Visit = count } : null),
        new("embedding", "how W takes gradients", p => p.Embedding, (p, text) => p with { Embedding = text }),
        new("embedding-lag", "how stale those may be", p => p.EmbeddingLag, (p, text) => p with { EmbeddingLag = text }),
        new("head", "when the head's own terms are trained", p => p.Head, (p, text) => p with { Head = text }),
        new("schedule", "whether a learned schedule moves", p => p.Schedule, (p, text) => p with { Schedule = text }),
        new("schedule-lag", "how stale its gradients may be", p => p.ScheduleLag, (p, text) => p with { ScheduleLag = text }),
        new(
            "refresh",
            "steps with one version of what is shared",
            p => p.Refresh.ToString(CultureInfo.InvariantCulture),
            (p, text) => Count(text) is { } count ? p with { Refresh = count } : null),
        new(
            "moments",
            "moments of W's optimiser",
            p => p.Moments == MomentSharing.PerBlock ? "per-block" : "shared",
            (p, text) => text switch
            {
                "shared" => p with { Moments = MomentSharing.Shared },
                "per-block" => p with { Moments = MomentSharing.PerBlock },
                _ => null,
            }),
        new("replicas", "how replicas of a block are brought together", p => p.Replicas, (p, text) => p with { Replicas = text }),
    ];

    /// <summary>The same policies with some of them changed.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="changes">New texts by name.</param>
    /// <exception cref="NoPropException">There is no policy of that name, or the text cannot be one.</exception>
    public static PolicySettings Change(PolicySettings policies, IReadOnlyDictionary<string, string> changes)
    {
        foreach ((string name, string text) in changes)
        {
            PolicyEntry entry = All.FirstOrDefault(known => known.Name == name)
                ?? throw new NoPropException($"there is no policy '{name}': there are {string.Join(", ", All.Select(known => known.Name))}");
            // What comes from outside can be null, whatever its type says.
            policies = (text is null ? null : entry.Write(policies, text)) ?? throw new NoPropException($"policy {name} cannot be '{text}'");
        }

        return policies;
    }

    /// <summary>What changes from some policies to others, in words: <c>blocks async -> lockstep</c>.</summary>
    public static IEnumerable<string> Differences(PolicySettings before, PolicySettings after) =>
        All.Where(entry => entry.Read(before) != entry.Read(after)).Select(entry => $"{entry.Name} {entry.Read(before)} -> {entry.Read(after)}");

    /// <summary>Every policy's text by name.</summary>
    public static ImmutableSortedDictionary<string, string> Texts(PolicySettings policies) =>
        All.ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Read(policies), StringComparer.Ordinal);

    private static int? Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 1_000_000 ? count : null;
}
