using System.Globalization;
using System.Text.Json;
using NoProp.Actors.Simulation;
using NoProp.Host.Views;
using Spectre.Console;

namespace NoProp.Host.Simulations;

/// <summary>Results of simulated runs, side by side.</summary>
internal static class SimulationTable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>A row for each run.</summary>
    public static Table Draw(IReadOnlyList<(string Policy, SimulationResult Result)> runs)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("policy", "time", "balanced progress", "total progress", "steps", "discarded", "moves", "lead p50/p99/max", "lag p50/p99/max", "sent", "alive/holding/contributing");
        foreach ((string policy, SimulationResult result) in runs)
        {
            table.AddRow(
                new Text(policy),
                new Text(ProgressText.Duration(result.Time)),
                new Text(Number(result.BalancedProgress, "0.000")),
                new Text(Number(result.TotalProgress, "0.000")),
                new Text(Number(result.Executed, "0")),
                new Text(result.Executed == 0 ? "0 %" : Number(100.0 * result.Discarded / result.Executed, "0.00") + " %"),
                new Text(Number(result.Moves, "0")),
                new Text(Spread(result.Lead)),
                new Text(result.Lag is { } lag ? Spread(lag) : "-"),
                new Text(result.Bytes == 0 ? "-" : Number(result.Bytes / 1e6, "0") + " MB"),
                new Text($"{Number(result.Populations.Alive, "0.0")}/{Number(result.Populations.Holding, "0.0")}/{Number(result.Populations.Contributing, "0.0")}"));
        }

        return table;
    }

    /// <summary>All figures.</summary>
    public static string Json(IReadOnlyList<(string Policy, SimulationResult Result)> runs) =>
        JsonSerializer.Serialize(runs.Select(run => new { run.Policy, run.Result }), Options) + "\n";

    private static string Spread(Percentiles of) => $"{of.P50}/{of.P99}/{of.Max}";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
