using System.Globalization;
using System.Text.Json.Nodes;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;

namespace NoProp.Host.Report;

/// <summary>Takes the records of <c>metrics.jsonl</c> in, in their order.</summary>
internal sealed class RecordReader(ReportRun run, double batch, int replicas)
{
    // Of every replica of every block.
    private long[] clocks = [];
    private double[] errors = [];
    private double lastSeconds;
    private (DateTime At, double Seconds) session;
    private (Dictionary<int, BlockCounts> Blocks, Dictionary<string, TimeShares> Workers)? counted;

    /// <summary>Takes a record in.</summary>
    /// <returns>Whether it was understood; one of a type that a report does not show is.</returns>
    public bool Take(JsonObject record)
    {
        try
        {
            switch (Text(record, "type"))
            {
                case "start":
                    Start(record);
                    break;
                case "steps":
                    Steps(record);
                    break;
                case "epoch":
                    double updates = Number(record, "steps");
                    run.Accuracy.Add(new(
                        At(updates, lastSeconds = Number(record, "elapsedSeconds")), [.. record["testAccuracyPerBlock"]!.AsArray().Select(value => (double)value!)]));
                    break;
                case "staleness":
                    counted = (
                        record["blocks"]!.AsArray().ToDictionary(block => (int)block!["block"]!, block => Counts(block!.AsObject())),
                        record["workers"]!.AsArray().ToDictionary(worker => Text(worker!.AsObject(), "worker"), worker => Times(worker!.AsObject())));
                    break;
                case "probe":
                    run.Probes.Add(new((int)record["block"]!, (long)record["lag"]!, Number(record, "cosine")));
                    break;
                case "throughput":
                    lastSeconds = Number(record, "elapsedSeconds");
                    run.Throughput.Add(new(
                        lastSeconds, Number(record, "stepsPerSecond"), new SlotCounts(Number(record, "alive"), Number(record, "leased"), Number(record, "contributing"))));
                    break;
                case "policies":
                    run.SwitchPlaces.Add(At(Number(record, "steps"), SinceStart(record)));
                    run.Switches.Add(new(
                        Time(record), "switch", $"after {Number(record, "steps"):0} block steps: {string.Join(", ", record["policies"]!.AsObject().Select(policy => $"{policy.Key} {policy.Value}"))}"));
                    break;
                case "restart":
                    Note(record, "restarts", $"{Text(record, "what")} began again: {Text(record, "cause").Split('\n')[0]}");
                    break;
                case "leaseRevoked":
                    Note(record, "revoked leases", $"block {record["block"]}, held by {Text(record, "worker")}: {Text(record, "reason")}");
                    break;
                case "commitRefused":
                    Note(record, "refused commits", $"block {record["block"]}, by {Text(record, "worker")}");
                    break;
                case "replayOff":
                    Note(record, "no replay", Text(record, "reason"));
                    break;
            }

            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException or ArgumentException or IndexOutOfRangeException)
        {
            return false;
        }
    }

    /// <summary>The run, when all records are in.</summary>
    public ReportRun Finish()
    {
        EndSession();
        return run with { Blocks = clocks.Length / replicas };
    }

    private void Start(JsonObject record)
    {
        EndSession();
        clocks = [.. record["clocks"]!.AsArray().Select(clock => (long)clock!)];
        if (errors.Length != clocks.Length)
        {
            errors = [.. Enumerable.Repeat(double.NaN, clocks.Length)];
        }

        // Earlier versions do not say how long the run has trained before: it goes on where the last record was.
        session = (Time(record), record["elapsedSeconds"] is null ? lastSeconds : Number(record, "elapsedSeconds"));
    }

    private void Steps(JsonObject record)
    {
        int block = (int)record["block"]!;
        int unit = (block - 1) * replicas + (record["replica"] is { } replica ? (int)replica - 1 : 0);
        clocks[unit] = (long)record["clock"]!;
        errors[unit] = Number(record, "squaredError");
        lastSeconds = SinceStart(record);
        run.Losses.Add(new(At(clocks.Sum(), lastSeconds), block, errors[unit], errors.Average()));
    }

    // Each session counts for itself; its last record holds all that it has counted.
    private void EndSession()
    {
        foreach ((int number, BlockCounts counts) in counted?.Blocks ?? [])
        {
            if (run.Counts.TryGetValue(number, out BlockCounts? before))
            {
                before.Add(counts);
            }
            else
            {
                run.Counts.Add(number, counts);
            }
        }

        foreach ((string worker, TimeShares time) in counted?.Workers ?? [])
        {
            run.Workers[worker] = run.Workers.GetValueOrDefault(worker) + time;
        }

        counted = null;
    }

    private static BlockCounts Counts(JsonObject block)
    {
        BlockCounts counts = new() { Movement = Number(block, "movement"), Steps = (long)block["time"]!["steps"]!, Time = Times(block) };
        counts.Lead.Add(Read(block["lead"]!));
        counts.Lag.Add(Read(block["lag"]!));
        foreach ((string fate, JsonNode? count) in block["fates"]!.AsObject())
        {
            counts.Fates[fate] = (long)count!;
        }

        return counts;
    }

    private static Histogram Read(JsonNode histogram) =>
        new(histogram["counts"]!.AsArray().Select(count => (long)count!), (double)histogram["mean"]!, (long)histogram["max"]!);

    private static TimeShares Times(JsonObject of)
    {
        JsonObject time = of["time"]!.AsObject();
        return new(Number(time, "compute"), Number(time, "batch"), Number(time, "shared"), Number(time, "lease"), Number(time, "slot"));
    }

    private double SinceStart(JsonObject record) => session.Seconds + (Time(record) - session.At).TotalSeconds;

    private Place At(double updates, double seconds) => new(updates, updates * batch / Math.Max(clocks.Length / replicas, 1), seconds);

    private void Note(JsonObject record, string kind, string text) => run.Incidents.Add(new(Time(record), kind, text));

    private static DateTime Time(JsonObject record) =>
        DateTime.Parse(Text(record, "at"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    private static string Text(JsonObject record, string name) => record[name]!.GetValue<string>();

    /// <summary>A number, or NaN where it was no finite one.</summary>
    private static double Number(JsonObject record, string name) =>
        record[name]!.AsValue() is JsonValue value && value.TryGetValue(out double number) ? number : double.NaN;
}
