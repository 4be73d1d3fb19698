using System.Text.Json;

namespace NoProp.Benchmarks;

/// <summary>A run with kills, as its folder tells it.</summary>
internal sealed class StormRun
{
    private readonly SortedDictionary<int, List<(double At, long Clock)>> steps = [];
    private readonly List<(double At, int Block)> revoked = [];
    private readonly double begin;
    private readonly double end;

    /// <summary>Reads it.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="InvalidOperationException">It is not whole.</exception>
    public StormRun(string folder)
    {
        foreach (string line in File.ReadLines(Path.Combine(folder, "metrics.jsonl")))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement record = json.RootElement;
            double at = (record.GetProperty("at").GetDateTime() - DateTime.UnixEpoch).TotalSeconds;
            switch (record.GetProperty("type").GetString())
            {
                case "steps":
                    int block = record.GetProperty("block").GetInt32();
                    (steps.TryGetValue(block, out List<(double, long)>? made) ? made : steps[block] = []).Add((at, record.GetProperty("clock").GetInt64()));
                    break;
                case "leaseRevoked":
                    revoked.Add((at, record.GetProperty("block").GetInt32()));
                    break;
            }
        }

        using JsonDocument faults = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "faults.json")));
        Lost = faults.RootElement.GetProperty("lost").GetInt64();
        Twice = faults.RootElement.GetProperty("twice").GetInt64();
        Executed = faults.RootElement.GetProperty("executed").GetInt64();
        Discarded = faults.RootElement.GetProperty("discarded").GetInt64();
        (begin, end) = (steps.Values.Min(each => each[0].At), steps.Values.Max(each => each[^1].At));
        Kills =
        [
            .. faults.RootElement.GetProperty("faults").EnumerateArray().Where(fault => fault.GetProperty("outcome").GetString() == "done").Select(fault => new Kill(
                (fault.GetProperty("at").GetDateTime() - DateTime.UnixEpoch).TotalSeconds, Seconds(fault, "secondsToWork"), Seconds(fault, "coldStartSeconds"))),
        ];
    }

    /// <summary>A kill.</summary>
    /// <param name="At">When, in seconds since 1970.</param>
    /// <param name="ToWork">Seconds until the blocks were at work elsewhere.</param>
    /// <param name="ColdStart">Seconds until the process that replaced it had committed a step.</param>
    public sealed record Kill(double At, double? ToWork, double? ColdStart);

    /// <summary>The kills in their order.</summary>
    public IReadOnlyList<Kill> Kills { get; }

    public long Lost { get; }

    public long Twice { get; }

    public long Executed { get; }

    public long Discarded { get; }

    /// <summary>Median cold start in seconds.</summary>
    public double ColdStart => Median([.. Kills.Select(kill => kill.ColdStart).OfType<double>()]);

    /// <summary>Median time until a dead worker's blocks were at work elsewhere, in seconds.</summary>
    public double ToWork => Median([.. Kills.Select(kill => kill.ToWork).OfType<double>()]);

    /// <summary>Steps a second of the slowest block, from the run's first kill, or step, to its last step.</summary>
    public double BalancedRate
    {
        get
        {
            double from = Kills.Count > 0 ? Kills[0].At : begin;
            return (steps.Keys.Min(block => ClockOf(block, end)) - steps.Keys.Min(block => ClockOf(block, from))) / (end - from);
        }
    }

    /// <summary>
    /// Steps of the blocks that the dead worker did not hold from each kill until its successor's first step, by what the same blocks make in the same
    /// time when nobody is dead.
    /// </summary>
    public double RateInOutages
    {
        get
        {
            (double From, double To)[] outages = [.. Kills.Where(kill => kill.ColdStart is not null).Select(kill => (kill.At, kill.At + kill.ColdStart!.Value))];
            double calm = end - begin - outages.Sum(outage => outage.To - outage.From);
            Dictionary<int, double> usual = steps.Keys.ToDictionary(block => block, block => (Made(block, begin, end) - outages.Sum(outage => Made(block, outage.From, outage.To))) / calm);
            double made = 0;
            double expected = 0;
            foreach ((double from, double to) in outages)
            {
                HashSet<int> held = [.. revoked.Where(lease => lease.At >= from && lease.At < to).Select(lease => lease.Block)];
                foreach (int block in steps.Keys.Where(block => !held.Contains(block)))
                {
                    made += Made(block, from, to);
                    expected += usual[block] * (to - from);
                }
            }

            return made / expected;
        }
    }

    private static double? Seconds(JsonElement fault, string name) => fault.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    private static double Median(double[] values) => values.Length == 0 ? double.NaN : values.Order().ElementAt(values.Length / 2);

    private double Made(int block, double from, double to) => ClockOf(block, to) - ClockOf(block, from);

    // Between two commits a block has made a part of the steps of the second one.
    private double ClockOf(int block, double at)
    {
        List<(double At, long Clock)> made = steps[block];
        int next = made.BinarySearch((at, long.MaxValue), Comparer<(double At, long Clock)>.Create((one, other) => one.At.CompareTo(other.At)));
        next = next < 0 ? ~next : next;
        if (next == made.Count)
        {
            return made[^1].Clock;
        }

        (double from, long clock) = next > 0 ? made[next - 1] : (begin, 0);
        (double to, long then) = made[next];
        return to <= at ? then : at <= from ? clock : clock + ((then - clock) * (at - from) / (to - from));
    }
}
