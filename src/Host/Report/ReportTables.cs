using System.Globalization;
using NoProp.Actors.Recording;

namespace NoProp.Host.Report;

/// <summary>The tables of a report.</summary>
internal static class ReportTables
{
    private const string None = "-";
    private const string PolicyPrefix = "noprop.policy.";
    private const int IncidentsShown = 50;

    private static readonly string[] Fates = ["applied", "held", "rejected", "repeated"];

    private static readonly string[] Basics =
    [
        "noprop.method", "noprop.data.name", "noprop.embedding.kind", "noprop.network.kind", "noprop.blocks", "noprop.epochs", "noprop.batch",
        "noprop.optimizer.learning-rate", "noprop.slots", "noprop.seed",
    ];

    /// <summary>What came of each run.</summary>
    public static string Results(IReadOnlyList<ReportRun> runs) => Html.Table(
        "Results; rates, slots and balanced progress are those of the last session",
        ["run", "outcome", "test accuracy", "epochs", "block steps", "training time, s", "steps a second", "balanced progress", "slots alive", "with a lease", "contributing", "weights, SHA-256"],
        runs.Select(run => (string[])
        [
            run.Name,
            run.Summary?.Outcome ?? "not finished",
            Percent(run.Summary?.TestAccuracy ?? run.Accuracy.LastOrDefault()?.Accuracy),
            Number(run.Summary?.Epochs ?? run.Accuracy.Count, "0"),
            Number(run.Summary?.BlockSteps ?? run.Losses.LastOrDefault()?.At.Updates, "0"),
            Number(run.Summary?.WallSeconds ?? run.Throughput.LastOrDefault()?.Seconds ?? run.Losses.LastOrDefault()?.At.Seconds, "0.0"),
            Number(run.Summary?.BlockStepsPerSecond ?? run.Throughput.LastOrDefault()?.StepsPerSecond, "0.0"),
            Number(run.Summary?.BalancedProgress, "0.00"),
            Number(run.Summary?.SlotsMean?.Alive ?? run.Throughput.LastOrDefault()?.Slots.Alive, "0.0"),
            Number(run.Summary?.SlotsMean?.Leased ?? run.Throughput.LastOrDefault()?.Slots.Leased, "0.0"),
            Number(run.Summary?.SlotsMean?.Contributing ?? run.Throughput.LastOrDefault()?.Slots.Contributing, "0.0"),
            run.Summary is { WeightsSha256.Length: > 16 } summary ? summary.WeightsSha256[..16] : None,
        ]));

    /// <summary>Settings and policies, a column for each run.</summary>
    public static string Settings(IReadOnlyList<ReportRun> runs)
    {
        string[] all = [.. runs.SelectMany(run => run.Settings.Keys).Distinct()];
        string[] policies = [.. all.Where(path => path.StartsWith(PolicyPrefix, StringComparison.Ordinal))];
        string[] differing = [.. all.Where(path => runs.Select(run => Value(run, path)).Distinct().Count() > 1)];
        return Table("Policies, as they hold at the end", policies)
            + Table("Main settings", Basics)
            + (runs.Count > 1 ? Table("All settings that differ", differing) : "")
            + Html.Details("All settings", Table("All settings", all));

        string Table(string caption, IEnumerable<string> paths) => Html.Table(
            caption, ["setting", .. runs.Select(run => run.Name)], paths.Where(all.Contains).Select(path => (string[])[path, .. runs.Select(run => Value(run, path))]));
    }

    /// <summary>Lead, lag and fates of the blocks of a run.</summary>
    public static string Staleness(ReportRun run)
    {
        double movement = run.Counts.Values.Sum(block => block.Movement);
        return Html.Table(
            $"{run.Name}: lead, lag, and what became of the gradients by the shared parameters",
            ["block", "steps", "lead, mean", "lead, max", "gradients", "lag, mean", "lag, max", "applied", "held", "rejected", "repeated", "share of W's movement"],
            run.Counts.Select(pair => (string[])
            [
                Whole(pair.Key),
                Whole(pair.Value.Steps),
                .. MeanAndMax(pair.Value.Lead),
                Whole(pair.Value.Lag.Count),
                .. MeanAndMax(pair.Value.Lag),
                .. Fates.Select(fate => Whole(pair.Value.Fates.GetValueOrDefault(fate))),
                movement > 0 ? Percent(pair.Value.Movement / movement) : None,
            ]));
    }

    /// <summary>Agreement of stale and fresh gradients by lag.</summary>
    public static string Cosines(IReadOnlyList<ReportRun> runs) => Html.Table(
        "Cosine between stale and fresh gradients",
        ["run", "lag", "gradients", "mean", "least"],
        runs.SelectMany(run => run.Probes
            .Where(probe => double.IsFinite(probe.Cosine))
            .GroupBy(probe => Histogram.Bucket(probe.Lag))
            .OrderBy(bucket => bucket.Key)
            .Select(bucket => (string[])
            [
                run.Name,
                Histogram.Label(bucket.Key),
                Whole(bucket.Count()),
                Number(bucket.Average(probe => probe.Cosine), "0.000000"),
                Number(bucket.Min(probe => probe.Cosine), "0.000000"),
            ])));

    /// <summary>Where the time of blocks and workers went.</summary>
    public static string Time(ReportRun run) =>
        Html.Table(
            $"{run.Name}: time of each block, seconds",
            ["block", "compute", "waiting for a batch", "waiting for the shared parameters", "without a lease"],
            run.Counts.Select(pair => (string[])[Whole(pair.Key), .. Seconds(pair.Value.Time), Number(pair.Value.Time.Lease, "0.0")]))
        + Html.Table(
            $"{run.Name}: time of each worker, seconds of its slots together",
            ["worker", "compute", "waiting for a batch", "waiting for the shared parameters", "slot without a lease"],
            run.Workers.Select(pair => (string[])[pair.Key, .. Seconds(pair.Value), Number(pair.Value.Slot, "0.0")]));

    /// <summary>What went wrong, and what was switched.</summary>
    public static string Incidents(IReadOnlyList<ReportRun> runs)
    {
        string[] kinds = ["restarts", "revoked leases", "refused commits", "no replay"];
        string counts = Html.Table(
            "Incidents",
            ["run", .. kinds, "rejected gradients", "repeated gradients", "switches of policies"],
            runs.Select(run => (string[])
            [
                run.Name,
                .. kinds.Select(kind => Whole(run.Incidents.Count(incident => incident.Kind == kind))),
                Whole(run.Fate("rejected")),
                Whole(run.Fate("repeated")),
                Whole(run.Switches.Count),
            ]));
        return counts + string.Concat(runs.Select(run => Html.Table(
            run.Incidents.Count > IncidentsShown ? $"{run.Name}: switches, and the last {IncidentsShown} incidents" : $"{run.Name}: incidents and switches",
            ["time, UTC", "what", "in words"],
            run.Incidents.TakeLast(IncidentsShown).Concat(run.Switches).OrderBy(incident => incident.Time)
                .Select(incident => (string[])[incident.Time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), incident.Kind, incident.Text]))));
    }

    private static string Value(ReportRun run, string path) => run.Settings.GetValueOrDefault(path, None).Trim('"');

    private static string[] MeanAndMax(Histogram histogram) => histogram.Count == 0 ? [None, None] : [Number(histogram.Mean, "0.00"), Whole(histogram.Max)];

    private static string[] Seconds(TimeShares time) => [Number(time.Compute, "0.0"), Number(time.Batch, "0.0"), Number(time.Shared, "0.0")];

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double? share) => share is { } value && double.IsFinite(value) ? value.ToString("0.00%", CultureInfo.InvariantCulture) : None;

    private static string Number(double? number, string format) => number is { } value && double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : None;
}
