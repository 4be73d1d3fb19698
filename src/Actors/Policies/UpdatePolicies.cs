using System.Globalization;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>The built-in policies by name.</summary>
public static class UpdatePolicies
{
    /// <summary>Lead bound of <c>bounded</c> without an argument.</summary>
    public const long DefaultLead = 8;

    /// <summary>Names, in the order in which help lists them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["bounded", "lockstep", "async", "sampled", "sampled:snr", "sampled:progress", "algorithm1"];

    /// <summary>The policy that <c>NAME[:ARG]</c> means.</summary>
    /// <exception cref="NoPropException">The name is not known, or the argument is missing, not wanted or out of range.</exception>
    public static IUpdatePolicy Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string? argument = parts.Length == 2 ? parts[1] : null;
        if (parts[0] == "bounded")
        {
            return BoundedPolicy.Bounded(argument is null ? DefaultLead : ParseLead(text, argument));
        }

        if (parts[0] == "sampled")
        {
            return new SampledPolicy(ParseWeight(text, argument));
        }

        IUpdatePolicy policy = parts[0] switch
        {
            "lockstep" => BoundedPolicy.Lockstep(),
            "async" => BoundedPolicy.Unbounded(),
            "algorithm1" => new Algorithm1Policy(),
            _ => throw new NoPropException($"unknown policy '{text}'{Suggest(parts[0])}; the policies are {string.Join(", ", Names)}"),
        };
        return argument is null ? policy : throw new NoPropException($"policy '{parts[0]}' takes no argument, but '{text}' gives it '{argument}'");
    }

    private static long ParseLead(string text, string argument) =>
        long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long lead) && lead is >= 1 and <= 1_000_000
            ? lead
            : throw new NoPropException($"policy '{text}': the lead bound must be a whole number of steps from 1 to 1000000, as in bounded:{DefaultLead}");

    private static SampledWeight ParseWeight(string text, string? argument) => argument switch
    {
        null or "uniform" => SampledWeight.Uniform,
        "snr" => SampledWeight.Snr,
        "progress" => SampledWeight.Progress,
        _ => throw new NoPropException($"policy '{text}': the choice must be uniform, snr or progress, as in sampled:snr"),
    };

    private static string Suggest(string name) => Nearest.Of(name, Names) is { } nearest ? $": did you mean '{nearest}'?" : "";
}
