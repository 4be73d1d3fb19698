using NoProp.Host.Tests.Processes;

namespace NoProp.Host.Tests.Report;

/// <summary>Run folders with the metrics of small runs, as a training writes them.</summary>
internal static class RecordedRuns
{
    private const string Start =
        """{"type":"start","at":"2026-01-02T03:04:05Z","clocks":[0,0],"target":20,"stepsPerEpoch":10,"slots":2,"elapsedSeconds":0,"policy":"async","policies":{"blocks":"async"}}""";

    /// <summary>The start of a run of two blocks, and a loss of each.</summary>
    public static string[] Begun { get; } = [Start, Steps(1, 10, seconds: 1), Steps(2, 10, seconds: 2)];

    /// <summary>Metrics of an earlier version: losses and tests only.</summary>
    public static string[] Old { get; } =
    [
        Start.Replace("\"elapsedSeconds\":0,", "", StringComparison.Ordinal), Steps(1, 10, seconds: 1), Steps(2, 10, seconds: 2), Epoch(1, 20, 2.5), Steps(1, 20, seconds: 3), Steps(2, 20, seconds: 4),
        Epoch(2, 40, 4.5),
    ];

    /// <summary>Metrics with everything in them.</summary>
    public static string[] Whole { get; } =
    [
        .. Begun,
        Epoch(1, 20, 2.5),
        Probe(1, lag: 0, cosine: 1),
        Probe(2, lag: 5, cosine: 0.5),
        Throughput(20, 2, contributing: 1),
        Staleness(applied: 3, rejected: 1),
        """{"type":"restart","at":"2026-01-02T03:04:08Z","what":"block 1","cause":"<boom> & \"bang\""}""",
        """{"type":"leaseRevoked","at":"2026-01-02T03:04:08Z","block":2,"worker":"local","reason":"silent"}""",
        """{"type":"commitRefused","at":"2026-01-02T03:04:08Z","block":2,"worker":"local"}""",
        """{"type":"policies","at":"2026-01-02T03:04:08Z","fence":1,"steps":25,"policies":{"blocks":"lockstep"}}""",
        Throughput(40, 4, contributing: 2),
        Staleness(applied: 6, rejected: 2),
        Epoch(2, 40, 4.5),
    ];

    /// <summary>Makes a run folder.</summary>
    public static string Make(TempFolder folder, string name, IEnumerable<string> metrics)
    {
        string path = folder[name];
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "run.conf"), "# The settings of this run.\nnoprop.batch = 32\nnoprop.policy.blocks = \"async\"\nnoprop.seed = 0\n");
        File.WriteAllText(Path.Combine(path, "metrics.jsonl"), string.Concat(metrics.Select(line => line + "\n")));
        return path;
    }

    public static string Steps(int block, long clock, int seconds) =>
        $$"""{"type":"steps","at":"2026-01-02T03:04:{{5 + seconds:00}}Z","block":{{block}},"clock":{{clock}},"steps":10,"loss":1.5,"squaredError":0.{{block}},"lead":0,"secondsPerStep":0.01,"worker":"local"}""";

    public static string Staleness(int applied, int rejected) =>
        $$"""
        {"type":"staleness","at":"2026-01-02T03:04:09Z","blocks":[{{Block(1, 1)}},{{Block(2, 3)}}],"workers":[{"worker":"local","time":{"steps":20,"compute":2,"batch":0.25,"shared":0.5,"lease":1,"slot":0.125} }]}
        """.Replace("APPLIED", $"{applied}", StringComparison.Ordinal).Replace("REJECTED", $"{rejected}", StringComparison.Ordinal).Replace("ALL", $"{applied + rejected}", StringComparison.Ordinal);

    private static string Block(int block, int movement) =>
        $$"""{"block":{{block}},"lead":{"counts":[1,0,2],"mean":2,"max":3},"lag":{"counts":[0,ALL],"mean":1,"max":1},"fates":{"applied":APPLIED,"held":0,"rejected":REJECTED,"repeated":0},"movement":{{movement}},"movementShare":0.5,"time":{"steps":10,"compute":1,"batch":0.125,"shared":0.25,"lease":0.5,"slot":0.0625} }""";

    private static string Epoch(int epoch, long steps, double elapsed) =>
        FormattableString.Invariant($$"""{"type":"epoch","at":"2026-01-02T03:04:07Z","epoch":{{epoch}},"steps":{{steps}},"testAccuracy":0.75,"testAccuracyPerBlock":[0.5,0.75],"elapsedSeconds":{{elapsed}}}""");

    private static string Probe(int block, long lag, double cosine) =>
        FormattableString.Invariant($$"""{"type":"probe","at":"2026-01-02T03:04:07Z","block":{{block}},"step":9,"version":4,"lag":{{lag}},"cosine":{{cosine}}}""");

    private static string Throughput(long steps, double elapsed, int contributing) => FormattableString.Invariant(
        $$"""{"type":"throughput","at":"2026-01-02T03:04:07Z","steps":{{steps}},"elapsedSeconds":{{elapsed}},"stepsPerSecond":10,"alive":2,"leased":2,"contributing":{{contributing}}}""");
}
