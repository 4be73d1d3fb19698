using System.Globalization;
using System.Text.Json;
using NoProp.Host.Serving;

namespace NoProp.Host.Views;

/// <summary>What is known of a run from its records. Not thread-safe.</summary>
/// <param name="modelBlocks">Number of blocks, replicas counted once.</param>
internal sealed class WatchedRun(int modelBlocks)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(8);

    private readonly List<WatchedBlock> blocks = [];
    private readonly List<string> events = [];
    private Dictionary<string, string> policies = [];

    /// <summary>Its blocks, or their replicas.</summary>
    public IReadOnlyList<WatchedBlock> Blocks => blocks;

    /// <summary>Steps that each block is to make; null before the run has begun.</summary>
    public long? Target { get; private set; }

    /// <summary>How it ended; null where it has not.</summary>
    public string? Outcome { get; private set; }

    /// <summary>Block steps a second; null before they were measured.</summary>
    public double? StepsPerSecond { get; private set; }

    /// <summary>Epoch of the newest test; null before the first.</summary>
    public int? Epoch { get; private set; }

    /// <summary>Accuracy after each block at the newest test, 0..1.</summary>
    public IReadOnlyList<double> Accuracy { get; private set; } = [];

    /// <summary>Accuracy of the whole chain at each test.</summary>
    public List<double> Accuracies { get; } = [];

    /// <summary>Mean and largest lead of each block, as they were last counted; empty where they were not.</summary>
    public IReadOnlyList<(double Mean, long Max)> Leads { get; private set; } = [];

    /// <summary>The policies that hold, by name.</summary>
    public IReadOnlyDictionary<string, string> Policies => policies;

    /// <summary>Faults, hand-overs and switches, the newest last.</summary>
    public IReadOnlyList<string> Events => events;

    private int Replicas => Math.Max(1, blocks.Count / Math.Max(1, modelBlocks));

    /// <summary>Name of a row.</summary>
    public string Name(int row) => Replicas > 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(row / Replicas) + 1} r{(row % Replicas) + 1}")
        : (row + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>What a block is doing, in a word.</summary>
    public string State(WatchedBlock block, DateTime now) => block switch
    {
        _ when Target is { } target && block.Clock >= target => "done",
        _ when Outcome is { } outcome => outcome,
        { Lost: not null } => "recovering",
        { Last: { } last } when now - last < Silence => "training",
        _ => "waiting",
    };

    /// <summary>Takes a record in; one that is not understood is left out.</summary>
    public void Take(MetricsRecord record)
    {
        if (record.Type == "rewound")
        {
            blocks.Clear();
            events.Clear();
            Accuracies.Clear();
            (Target, Outcome, Epoch, Accuracy, Leads) = (null, null, null, [], []);
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(record.Json);
            Take(record.Type, document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Of another version of noprop.
        }
    }

    private void Take(string type, JsonElement record)
    {
        DateTime at = record.GetProperty("at").GetDateTime();
        switch (type)
        {
            case "start":
                Start(record, at);
                break;
            case "steps":
                Steps(record, at);
                break;
            case "throughput":
                StepsPerSecond = record.GetProperty("stepsPerSecond").GetDouble();
                break;
            case "epoch":
                Accuracy = [.. record.GetProperty("testAccuracyPerBlock").EnumerateArray().Select(value => value.GetDouble())];
                Epoch = record.GetProperty("epoch").GetInt32();
                Accuracies.Add(Accuracy[^1]);
                break;
            case "staleness":
                Leads = [.. record.GetProperty("blocks").EnumerateArray().Select(block => block.GetProperty("lead")).Select(lead => (lead.GetProperty("mean").GetDouble(), (long)lead.GetProperty("max").GetDouble()))];
                break;
            case "policies":
                Dictionary<string, string> now = Texts(record.GetProperty("policies"));
                Tell(at, $"after {Text(record, "steps")} block steps: {string.Join(", ", now.Where(entry => policies.GetValueOrDefault(entry.Key) != entry.Value).Select(entry => $"{entry.Key} {policies.GetValueOrDefault(entry.Key, "?")} -> {entry.Value}"))}");
                policies = now;
                break;
            case "restart":
                Tell(at, $"{Text(record, "what")} begins again from its last state: {Text(record, "cause").Split('\n')[0]}");
                break;
            case "leaseRevoked":
                Tell(at, $"lease of {Text(record, "worker")} on block {Text(record, "block")} taken back: {Text(record, "reason")}");
                if (Row(record) is { } lost)
                {
                    lost.Lost ??= at;
                }

                break;
            case "commitRefused":
                Tell(at, $"late commit of block {Text(record, "block")} by {Text(record, "worker")} refused");
                break;
            case "end":
                Outcome = Text(record, "outcome");
                Tell(at, $"the run has ended: {Outcome}");
                break;
        }
    }

    private void Start(JsonElement record, DateTime at)
    {
        long[] clocks = [.. record.GetProperty("clocks").EnumerateArray().Select(clock => clock.GetInt64())];
        if (Target is not null)
        {
            Tell(at, string.Create(CultureInfo.InvariantCulture, $"goes on after {clocks.Sum()} block steps"));
        }

        (Target, Outcome) = (record.GetProperty("target").GetInt64(), null);
        policies = record.TryGetProperty("policies", out JsonElement texts) ? Texts(texts) : policies;
        while (blocks.Count < clocks.Length)
        {
            blocks.Add(new());
        }

        for (int i = 0; i < clocks.Length; i++)
        {
            blocks[i].Clock = clocks[i];
        }
    }

    private void Steps(JsonElement record, DateTime at)
    {
        if (Row(record) is not { } block)
        {
            return;
        }

        string worker = Text(record, "worker");
        if (block.Lost is { } since)
        {
            Tell(at, string.Create(CultureInfo.InvariantCulture, $"block {Text(record, "block")} is trained again by {worker}, {(at - since).TotalSeconds:0.0} s later"));
        }

        block.Add(at, record.GetProperty("clock").GetInt64(), record.GetProperty("lead").GetInt64(), Number(record, "squaredError"), worker);
    }

    private WatchedBlock? Row(JsonElement record)
    {
        int block = record.GetProperty("block").GetInt32();
        int row = record.TryGetProperty("replica", out JsonElement replica) && replica.ValueKind == JsonValueKind.Number ? ((block - 1) * Replicas) + replica.GetInt32() - 1 : block - 1;
        return row >= 0 && row < blocks.Count ? blocks[row] : null;
    }

    private void Tell(DateTime at, string text) => events.Add($"{at.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {text}");

    private static string Text(JsonElement record, string name) => record.TryGetProperty(name, out JsonElement value) ? value.ToString() : "?";

    private static double Number(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;

    private static Dictionary<string, string> Texts(JsonElement policies) => policies.EnumerateObject().ToDictionary(policy => policy.Name, policy => policy.Value.ToString());
}
