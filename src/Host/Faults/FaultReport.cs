using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NoProp.Actors.Faults;
using NoProp.Actors.Protocol;
using Spectre.Console;

namespace NoProp.Host.Faults;

/// <summary>A fault in the report.</summary>
/// <param name="Number">Its place in the file, from 1.</param>
/// <param name="Round">Which round of it.</param>
/// <param name="Fault">What was done, as the file says it.</param>
/// <param name="Nodes">The processes that it was done to, each name.N for the N-th process of that name.</param>
/// <param name="PlannedStep">Committed block steps after which it was to come; null where cold starts are counted.</param>
/// <param name="Step">Those after which it came; null where it did not.</param>
/// <param name="AtSeconds">When, since the injector began.</param>
/// <param name="At">When, as the run's metrics say it.</param>
/// <param name="Outcome">done, or why not.</param>
/// <param name="SecondsToNotice">Until the first lease was taken back for it; null where none was.</param>
/// <param name="SecondsToWork">Until what it struck was at work again; null where it struck nothing, or never was.</param>
/// <param name="ColdStartSeconds">From the start of the process that it brought to its first committed step.</param>
/// <param name="Executed">Block steps executed from then to the next fault, or the end.</param>
/// <param name="Committed">Those committed meanwhile.</param>
/// <param name="Discarded">Steps that it cost: executed by its processes and never committed, or committed and made again; null where a later fault on the same process has them.</param>
/// <param name="Note">What else is to be said.</param>
internal sealed record FaultRow(
    int Number, int Round, string Fault, ImmutableArray<string> Nodes, long? PlannedStep, long? Step, double? AtSeconds, DateTime? At, string Outcome, double? SecondsToNotice, double? SecondsToWork,
    double? ColdStartSeconds, long? Executed, long? Committed, long? Discarded, string? Note);

/// <summary>What came of a run with faults.</summary>
/// <param name="Seed">Seed of the faults.</param>
/// <param name="Faults">Each fault, in the order in which they came.</param>
/// <param name="Outcome">How the run ended.</param>
/// <param name="WeightsSha256">SHA-256 over all weights.</param>
/// <param name="Executed">Block steps that were executed.</param>
/// <param name="Committed">Those that the run consists of.</param>
/// <param name="Discarded">Those executed beyond.</param>
/// <param name="Lost">Steps of blocks that no commit had: 0, or something is wrong.</param>
/// <param name="Twice">Steps of blocks that were committed twice, other than by going back to a checkpoint: 0, or something is wrong.</param>
/// <param name="WallSeconds">Time spent training.</param>
/// <param name="ColdStartSeconds">Median of the cold starts of workers.</param>
internal sealed record FaultReport(
    ulong Seed, ImmutableArray<FaultRow> Faults, string Outcome, string WeightsSha256, long Executed, long Committed, long Discarded, long Lost, long Twice, double WallSeconds, double? ColdStartSeconds)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>All of it.</summary>
    public static FaultReport Of(ulong seed, FaultInjector injector, FaultCluster cluster, RunEnded ended)
    {
        long executed = cluster.Executed();
        long committed = ended.Figures.BlockSteps;
        FaultOutage[] outages = [.. injector.Outages];
        FaultRow[] done = [.. outages.Select((outage, i) =>
        {
            FaultOutage? next = outages.ElementAtOrDefault(i + 1);
            NodeProcess? brought = outage.Planned.Fault.Kind == FaultKind.Join ? outage.Nodes[0] : Successor(cluster, outage);
            return Row(outage.Planned, "done") with
            {
                Nodes = [.. outage.Nodes.Select(Name)],
                Step = outage.Step,
                AtSeconds = Round(outage.At.TotalSeconds),
                At = injector.Begun + outage.At,
                SecondsToNotice = Round(outage.Noticed?.TotalSeconds),
                SecondsToWork = Round(outage.Recovered?.TotalSeconds),
                ColdStartSeconds = brought is not null && injector.ColdStarts.TryGetValue(brought, out TimeSpan start) ? Round(start.TotalSeconds) : null,
                Executed = (next?.Executed ?? executed) - outage.Executed,
                Committed = (next?.Step ?? committed) - outage.Step,
                Discarded = outage.RolledBack + CostOf(outage, outages.Skip(i + 1), injector),
                Note = outage.Note,
            };
        })];
        TimeSpan[] starts = [.. injector.ColdStarts.Values.Order()];
        return new(
            seed,
            [
                .. done,
                .. injector.Skipped.Select(skipped => Row(skipped.Planned, $"left out: {skipped.Why}")),
                .. injector.NotReached.Select(planned => Row(planned, "not reached: the run ended first")),
            ],
            ended.Outcome.ToString().ToLowerInvariant(), ended.Figures.WeightsSha256, executed, committed, executed - committed, injector.Ledger.Lost, injector.Ledger.Twice, Round(ended.Figures.WallTime.TotalSeconds),
            starts.Length > 0 ? Round(starts[starts.Length / 2].TotalSeconds) : null);
    }

    /// <summary>The report for files.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The report for people.</summary>
    public void Write(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("fault", "at step", "node", "noticed after", "at work after", "cold start", "executed", "committed", "discarded");
        foreach (FaultRow row in Faults)
        {
            string[] cells =
            [
                $"{row.Number}{(row.Round > 1 ? $".{row.Round}" : "")} {row.Fault}",
                row.Step is { } step ? Text(step) : row.PlannedStep is { } planned ? $"({planned})" : "-",
                row.Step is null ? row.Outcome : row.Nodes.IsEmpty ? "-" : string.Join(", ", row.Nodes),
                Seconds(row.SecondsToNotice), Seconds(row.SecondsToWork), Seconds(row.ColdStartSeconds), Text(row.Executed), Text(row.Committed), Text(row.Discarded),
            ];
            table.AddRow(cells.Select(cell => new Text(cell)));
        }

        console.Write(table);
        foreach (FaultRow row in Faults.Where(row => row.Note is not null))
        {
            console.WriteLine($"fault {row.Number}: {row.Note}");
        }

        double share = Executed > 0 ? 100.0 * Discarded / Executed : 0;
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Executed} block steps executed, {Committed} committed, {Discarded} discarded ({share:0.00} %), {Lost} lost, {Twice} committed twice; cold start {Seconds(ColdStartSeconds)}"));
    }

    private static FaultRow Row(PlannedFault planned, string outcome) => new(
        planned.Fault.Number, planned.Round, planned.Fault.ToString(), [], planned.AtStep, null, null, null, outcome, null, null, null, null, null, null, null);

    // What a process of a worker has made and nobody has taken: said of the last fault that it suffered.
    private static long? CostOf(FaultOutage outage, IEnumerable<FaultOutage> later, FaultInjector injector)
    {
        NodeProcess[] last = [.. outage.Nodes.Where(node => !later.Any(other => other.Nodes.Contains(node)))];
        return last.Length == outage.Nodes.Length ? last.Sum(node => StepCounter.Read(node.CountFile) - injector.CommittedBy(node)) : null;
    }

    private static NodeProcess? Successor(FaultCluster cluster, FaultOutage outage) => outage.Planned.Fault.Kind == FaultKind.Kill
        ? cluster.Processes.FirstOrDefault(process => process.Name == outage.Nodes[0].Name && process.Generation == outage.Nodes[0].Generation + 1)
        : null;

    private static string Name(NodeProcess process) => string.Create(CultureInfo.InvariantCulture, $"{process.Name}.{process.Generation}");

    private static double Round(double seconds) => Math.Round(seconds, 3);

    private static double? Round(double? seconds) => seconds is { } value ? Round(value) : null;

    private static string Seconds(double? seconds) => seconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.00} s") : "-";

    private static string Text(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
