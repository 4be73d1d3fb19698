using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Actors.Replaying;
using NoProp.Actors.Training;
using NoProp.Host.Commands;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Host.Replaying;

/// <summary>One thing in which two runs were compared.</summary>
/// <param name="Name">The thing.</param>
/// <param name="Same">Whether it is the same in both, and whole.</param>
/// <param name="Finding">What was found: the first difference, or the fault.</param>
internal sealed record Comparison(string Name, bool Same, string Finding);

/// <summary>Compares two run folders, without training: settings, order of shared updates, weights.</summary>
internal static class RunComparison
{
    /// <summary>All comparisons.</summary>
    /// <exception cref="NoPropException">A folder is no run, or a file cannot be read.</exception>
    public static IReadOnlyList<Comparison> Compare(string a, string b)
    {
        (RunFolder first, RunFolder second) = (RunFolder.Read(a), RunFolder.Read(b));
        return [Settings(first, second), .. Logs(first, second), .. Weights(first, second)];
    }

    private static Comparison Settings(RunFolder a, RunFolder b)
    {
        IReadOnlyList<string> differences = SettingsHocon.DifferencesThatMatter(Load(a), Load(b));
        return new("settings that shape weights", differences.Count == 0, differences.Count == 0 ? "the same" : string.Join("; ", differences));

        static NoPropSettings Load(RunFolder folder) => SettingsLoader.Load(SettingsOptions.Read(folder.Settings)).Settings;
    }

    private static IEnumerable<Comparison> Logs(RunFolder a, RunFolder b)
    {
        const string Order = "order of shared updates";
        (ReplayContent? first, ReplayContent? second) = (Read(a), Read(b));
        foreach ((RunFolder folder, ReplayContent? log) in ((RunFolder, ReplayContent?)[])[(a, first), (b, second)])
        {
            if (log is not null && Fault(folder, log) is { } fault)
            {
                yield return new($"{folder.Path}/replay.log", false, fault);
            }
        }

        if (first is null && second is null)
        {
            yield return new(Order, true, "none: blocks share nothing that they move");
        }
        else if (first is null || second is null)
        {
            yield return new(Order, false, $"{(first is null ? a : b).Path} has no replay.log");
        }
        else
        {
            yield return new(Order, Difference(first.Entries, second.Entries) is null, Difference(first.Entries, second.Entries) ?? $"the same {first.Entries.Length} records");
        }
    }

    private static ReplayContent? Read(RunFolder folder) => File.Exists(folder.ReplayLog) ? ReplayLog.Read(folder.ReplayLog) : null;

    private static string? Fault(RunFolder folder, ReplayContent log)
    {
        long needed = folder.Checkpoints.Steps() is [.., long newest] ? TrainerActor.HistoryOf(folder.Checkpoints.Load(newest)) : 0;
        return log switch
        {
            { Fault: { Torn: false } fault } => $"damaged: {fault}",
            _ when log.Entries.Length < needed => $"ends after record {log.Entries.Length - 1} of {needed}{(log.Fault is { } torn ? $": {torn}" : "")}",
            _ => null,
        };
    }

    private static string? Difference(ImmutableArray<ReplayEntry> a, ImmutableArray<ReplayEntry> b)
    {
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] != b[i])
            {
                return $"first difference at record {i}: {a[i]} and {b[i]}";
            }
        }

        return a.Length == b.Length ? null : $"the same up to record {Math.Min(a.Length, b.Length) - 1}, then one ends and the other goes on to record {Math.Max(a.Length, b.Length) - 1}";
    }

    private static IEnumerable<Comparison> Weights(RunFolder a, RunFolder b)
    {
        long[] common = [.. a.Checkpoints.Steps().Intersect(b.Checkpoints.Steps()).Order()];
        foreach (long step in common)
        {
            string? difference = Difference(a.Checkpoints.Load(step).Snapshots, b.Checkpoints.Load(step).Snapshots);
            yield return new(string.Create(CultureInfo.InvariantCulture, $"weights after {step} block steps"), difference is null, difference ?? "the same, bit for bit");
        }

        if (common.Length == 0)
        {
            yield return new("weights", false, "the runs have no checkpoint of the same step");
        }
        else if (a.Checkpoints.Steps()[^1] != b.Checkpoints.Steps()[^1])
        {
            yield return new("length", false, $"{a.Path} ends after {a.Checkpoints.Steps()[^1]} block steps, {b.Path} after {b.Checkpoints.Steps()[^1]}");
        }
    }

    private static string? Difference(IReadOnlyList<Snapshot> a, IReadOnlyList<Snapshot> b)
    {
        if (b.FirstOrDefault(snapshot => a.All(other => other.Name != snapshot.Name)) is { } extra)
        {
            return $"{extra.Name} is in one of them alone";
        }

        foreach (Snapshot first in a)
        {
            if (b.FirstOrDefault(snapshot => snapshot.Name == first.Name) is not { } second)
            {
                return $"{first.Name} is in one of them alone";
            }

            (SafetensorsFile one, SafetensorsFile other) = (SafetensorsFile.Parse(first.Safetensors, first.Name), SafetensorsFile.Parse(second.Safetensors, second.Name));
            foreach (string tensor in one.Entries.Keys.Union(other.Entries.Keys).Where(name => !name.StartsWith(WeightsHash.OptimizerPrefix, StringComparison.Ordinal)))
            {
                if (!one.Entries.TryGetValue(tensor, out SafetensorsEntry? left) || !other.Entries.TryGetValue(tensor, out SafetensorsEntry? right) || left.Length != right.Length)
                {
                    return $"{first.Name} is of another network: {tensor} is missing or of another size";
                }

                ReadOnlySpan<float> x = MemoryMarshal.Cast<byte, float>(one.Data(tensor));
                ReadOnlySpan<float> y = MemoryMarshal.Cast<byte, float>(other.Data(tensor));
                if (!MemoryMarshal.AsBytes(x).SequenceEqual(MemoryMarshal.AsBytes(y)))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"first difference in {first.Name}, {tensor}: up to {LargestDifference(x, y):g3}");
                }
            }
        }

        return null;
    }

    private static float LargestDifference(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        float largest = 0;
        for (int i = 0; i < x.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(x[i] - y[i]));
        }

        return largest;
    }
}
