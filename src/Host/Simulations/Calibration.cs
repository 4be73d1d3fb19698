using System.Globalization;
using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Host.Commands;
using NoProp.Models;

namespace NoProp.Host.Simulations;

/// <summary>What a simulation takes from a real run.</summary>
/// <param name="Policies">Its policies.</param>
/// <param name="Blocks">Number of its blocks.</param>
/// <param name="Replicas">Replicas of each block.</param>
/// <param name="Steps">Steps of each block, or of each replica of one.</param>
/// <param name="StepsPerEpoch">Steps in an epoch.</param>
/// <param name="Slots">Blocks trained at once.</param>
/// <param name="StepTime">Mean time of a step.</param>
/// <param name="Jitter">Standard deviation of the logarithm of a step's time.</param>
internal sealed record Calibration(PolicySettings Policies, int Blocks, int Replicas, long Steps, int StepsPerEpoch, int Slots, TimeSpan StepTime, double Jitter)
{
    /// <summary>One line that says what was taken.</summary>
    public string Note(string path) => string.Create(
        CultureInfo.InvariantCulture,
        $"from {path}: {Blocks} blocks{(Replicas > 1 ? $" x {Replicas} replicas" : "")} x {Steps} steps, {Slots} slots, {StepTime.TotalMilliseconds:0.00} ms a step, jitter {Jitter:0.00}, policy {Policies.Blocks}");

    /// <summary>Reads a run's settings and metrics.</summary>
    /// <exception cref="NoPropException">It is no run, or has trained nothing yet.</exception>
    public static Calibration Read(string path)
    {
        RunFolder folder = RunFolder.Read(path);
        NoPropSettings settings = SettingsLoader.Load(SettingsOptions.Read(folder.Settings)).Settings;
        ILookup<string, JsonObject> records = MetricsLog.Read(folder.Metrics).ToLookup(record => (string?)record["type"] ?? "");
        JsonObject? start = records["start"].LastOrDefault();
        (double Seconds, long Steps)[] times =
        [
            .. records["steps"]
                .Where(record => record["secondsPerStep"] is JsonValue value && value.TryGetValue(out double seconds) && seconds > 0)
                .Select(record => ((double)record["secondsPerStep"]!, (long)record["steps"]!)),
        ];
        if (start is null || times.Length == 0)
        {
            throw new NoPropException($"{path} has not trained any steps yet, from which their time could be taken");
        }

        double mean = times.Sum(time => time.Seconds * time.Steps) / times.Sum(time => time.Steps);
        // A record holds the mean over some steps, whose variance is that of one step by their number.
        double variance = times.Sum(time => time.Steps * time.Steps * Math.Pow(time.Seconds - mean, 2)) / times.Sum(time => time.Steps);
        return new(
            settings.Policies,
            settings.Training.Blocks,
            settings.Training.Replicas,
            (long)start["target"]!,
            (int)start["stepsPerEpoch"]!,
            (int)start["slots"]!,
            TimeSpan.FromSeconds(mean),
            Math.Sqrt(Math.Log(1 + variance / (mean * mean))));
    }
}
