using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Policies;
using NoProp.Actors.Simulation;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>Every built-in policy in a million simulated steps with accidents and live switches.</summary>
internal static class Invariants
{
    private static readonly PolicySettings[] Switches =
    [
        new("lockstep", Embedding: "averaged", Replicas: "easgd:0.3,4"),
        new("async", Embedding: "gossip", Refresh: 3, Replicas: "local-sgd:2"),
        new("bounded:2", Placement.Pinned, EmbeddingLag: "reject:1", Head: "free-running:3", Replicas: "delayed-nesterov:3"),
    ];

    private static readonly PolicySettings[] Policies =
    [
        .. ((string[])["algorithm1", "sampled", "sampled:snr", "sampled:progress", "lockstep", "bounded:1", "bounded:8", "async"]).Select(blocks => new PolicySettings(blocks)),
        new(Placement: Placement.Pinned),
        new(Placement: Placement.Pinned, Visit: 5),
        .. ((string[])["averaged", "staleness-scaled:1", "delay-compensated:0.04", "gossip"]).Select(embedding => new PolicySettings("async", Embedding: embedding)),
        .. ((string[])["reject:0", "reject:3", "wait:0", "wait:9"]).Select(lag => new PolicySettings("async", EmbeddingLag: lag)),
        new("async", Head: "free-running:4", Refresh: 4),
        .. ((string[])["local-sgd:3", "easgd", "delayed-nesterov:4"]).Select(replicas => new PolicySettings(Replicas: replicas)),
    ];

    /// <summary><c>invariants</c>.</summary>
    public static Command Create()
    {
        Option<long> steps = new("--steps") { Description = "Simulated steps with each policy", DefaultValueFactory = _ => 1_000_000 };
        Command command = new("invariants", "Simulated steps with random delays, kills, stalls and live switches: promises broken, for every policy") { steps };
        command.SetAction(parsed =>
        {
            Table table = new() { Border = TableBorder.Markdown };
            table.AddColumns("policy", "runs", "steps", "switches", "violations");
            bool kept = true;
            AnsiConsole.Live(table).Start(live =>
            {
                foreach (PolicySettings policies in Policies)
                {
                    PolicyReport report = PolicyKit.Check(policies, parsed.GetValue(steps), switches: Switches);
                    kept &= report.Violations.IsEmpty;
                    string name = string.Join(", ", PolicyTable.All.Select(entry => (entry, Text: entry.Read(policies)))
                        .Where(pair => pair.entry.Name == "blocks" || pair.Text != pair.entry.Read(new PolicySettings()))
                        .Select(pair => pair.entry.Name == "blocks" ? pair.Text : $"{pair.entry.Name} {pair.Text}"));
                    table.AddRow(name, Count(report.Runs), Count(report.Steps), Count(report.Switches), Count(report.Violations.Length));
                    foreach (string violation in report.Violations.Take(1))
                    {
                        table.AddRow(new Markup(""), new Text(violation));
                    }

                    live.Refresh();
                }
            });
            return kept ? 0 : 1;
        });
        return command;
    }

    private static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);
}
