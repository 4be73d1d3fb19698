using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Cluster;
using NoProp.Host.Commands;
using NoProp.Host.Control;
using NoProp.Models;

namespace NoProp.Host.Page;

/// <summary>A run in a list. What a run has not come to yet is null.</summary>
internal sealed record ListedRun(string Name, string State, bool Served)
{
    public string? Method { get; init; }

    public string? Data { get; init; }

    public string? Network { get; init; }

    public int? Blocks { get; init; }

    public string? Policy { get; init; }

    public int? Slots { get; init; }

    public ulong? Seed { get; init; }

    public int? Epochs { get; init; }

    public double? TestAccuracy { get; init; }

    public IReadOnlyList<double>? TestAccuracyPerBlock { get; init; }

    public long? BlockSteps { get; init; }

    public double? StepsPerSecond { get; init; }

    public double? BalancedProgress { get; init; }

    public double? WallSeconds { get; init; }
}

/// <summary>The runs in a folder.</summary>
internal static class RunList
{
    private const int MostRuns = 500;
    private const int TailBytes = 256 << 10;

    /// <summary>Their paths by name, the newest first.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<(string Name, string Path)> Find(string folder)
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories(folder)
                    .Select(path => new FileInfo(Path.Combine(path, "run.conf")))
                    .Where(conf => conf.Exists)
                    .OrderByDescending(conf => conf.LastWriteTimeUtc)
                    .Take(MostRuns)
                    .Select(conf => (conf.Directory!.Name, conf.Directory.FullName)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the runs in {folder} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What there is to say of a run; its files may be of an earlier version, or damaged.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="served">The folder of the run that is served.</param>
    public static ListedRun Read(string path, string served)
    {
        using RunFolder folder = RunFolder.Read(path);
        RunSummary? summary = Summary(folder);
        bool training = IsInTraining(folder);
        ListedRun run = new(Path.GetFileName(path), training ? "in training" : summary?.Outcome ?? "unfinished", Path.GetFullPath(served) == Path.GetFullPath(path));
        run = Settings(folder) is not { } settings ? run : run with
        {
            Method = settings.Training.Method.ToString().ToLowerInvariant(),
            Data = settings.Data.Name,
            Network = settings.Training.Network.Kind.ToString().ToLowerInvariant(),
            Blocks = settings.Training.Blocks,
            Policy = settings.Policies.Blocks,
            Slots = settings.SlotCount,
            Seed = settings.Training.Seed,
        };
        if (summary is not null && !training)
        {
            return run with
            {
                Method = summary.Method,
                Data = summary.Data,
                Network = summary.Network,
                Blocks = summary.Blocks,
                Policy = summary.Policy,
                Slots = summary.Slots,
                Seed = summary.Seed,
                Epochs = summary.Epochs,
                TestAccuracy = summary.TestAccuracy,
                TestAccuracyPerBlock = summary.TestAccuracyPerBlock.IsDefault ? [] : [.. summary.TestAccuracyPerBlock],
                BlockSteps = summary.BlockSteps,
                StepsPerSecond = summary.BlockStepsPerSecond,
                BalancedProgress = summary.BalancedProgress,
                WallSeconds = summary.WallSeconds,
            };
        }

        return WithNewest(run, folder.Metrics);
    }

    /// <summary>Whether a process trains it, here or on a cluster.</summary>
    public static bool IsInTraining(RunFolder folder)
    {
        try
        {
            string mark = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(folder.Path))!, ClusterRuns.MarkName);
            return (ControlFile.Read(folder) is { } control && File.Exists(control.Socket) && IsAlive(control.Process))
                || (File.Exists(mark) && File.ReadAllText(mark).Trim() == Path.GetFileName(Path.GetFullPath(folder.Path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsAlive(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static RunSummary? Summary(RunFolder folder)
    {
        try
        {
            return File.Exists(folder.Summary) ? RunSummary.FromJson(File.ReadAllText(folder.Summary)) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static NoPropSettings? Settings(RunFolder folder)
    {
        try
        {
            return SettingsLoader.Load(SettingsOptions.Read(folder.Settings)).Settings;
        }
        catch (NoPropException)
        {
            return null;
        }
    }

    /// <summary>The newest test and rate that the run has recorded; a large file is read from its end.</summary>
    private static ListedRun WithNewest(ListedRun run, string metrics)
    {
        (JsonObject? epoch, JsonObject? throughput) = (null, null);
        foreach (string line in Tail(metrics))
        {
            try
            {
                JsonObject? record = line.Contains("\"type\":\"epoch\"", StringComparison.Ordinal) || line.Contains("\"type\":\"throughput\"", StringComparison.Ordinal)
                    ? JsonNode.Parse(line)?.AsObject() : null;
                (epoch, throughput) = ((string?)record?["type"] == "epoch" ? record : epoch, (string?)record?["type"] == "throughput" ? record : throughput);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // The first line may be a part of one, and the last one not be written yet.
            }
        }

        return run with
        {
            Epochs = (int?)epoch?["epoch"],
            TestAccuracy = (double?)epoch?["testAccuracy"],
            TestAccuracyPerBlock = epoch?["testAccuracyPerBlock"] is JsonArray depths ? [.. depths.Select(depth => (double)depth!)] : null,
            BlockSteps = (long?)throughput?["steps"] ?? (long?)epoch?["steps"],
            StepsPerSecond = (double?)throughput?["stepsPerSecond"],
            WallSeconds = (double?)throughput?["elapsedSeconds"] ?? (double?)epoch?["elapsedSeconds"],
        };
    }

    private static string[] Tail(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = Math.Max(0, stream.Length - TailBytes);
            using StreamReader reader = new(stream);
            return reader.ReadToEnd().Split('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
