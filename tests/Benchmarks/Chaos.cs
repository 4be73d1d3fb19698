using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>Runs on a cluster of real processes that are killed, stopped and cut off, again and again: each must end with the weights of a run on one machine.</summary>
internal static class Chaos
{
    private static readonly (string Name, string Faults)[] Scenarios =
    [
        ("kills at 25, 50, 75 %", "{ at = 25%, kill = any-worker }, { at = 50%, kill = any-worker }, { at = 75%, kill = any-worker }"),
        ("stopped beyond its lease", "{ at = 30%, stop = any-worker, for = 8s }"),
        ("leave, join, slow, head", "{ at = 20%, leave = worker-1 }, { at = 30%, join = worker-3 }, { at = 50%, slow = worker-2, for = 5s }, { at = 70%, head = fail }"),
        ("trainer killed", "{ at = 40%, kill = trainer }"),
        ("partition", "{ at = 30%, partition = [worker-2], for = 20s }"),
    ];

    /// <summary><c>chaos</c>.</summary>
    public static Command Create()
    {
        Option<int> repeat = new("--repeat") { Description = "Runs of each scenario", DefaultValueFactory = _ => 1 };
        Option<int> epochs = new("--epochs") { Description = "Epochs of digits in a run", DefaultValueFactory = _ => 10 };
        Option<string?> only = new("--only") { Description = "Scenarios whose name contains this" };
        Command command = new("chaos", "Faults on a cluster of real processes: every run must end with the weights of a run on one machine, none lost and none twice") { repeat, epochs, only };
        command.SetAction(async (parsed, stop) =>
        {
            string folder = Directory.CreateTempSubdirectory("noprop-chaos-").FullName;
            string[] train = ["train", "--plain", "--epochs", parsed.GetValue(epochs).ToString(CultureInfo.InvariantCulture), "--set", "noprop.checkpoint.min-interval=1s"];
            try
            {
                await Noprop.RunAsync(folder, [.. train, "--out", "alone"], stop);
                using JsonDocument alone = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "alone", "summary.json"), stop));
                string expected = alone.RootElement.GetProperty("weightsSha256").GetString()!;
                Table table = new() { Border = TableBorder.Markdown };
                table.AddColumns("scenario", "run", "right weights", "lost", "twice", "executed", "discarded", "longest rest, s", "time, s");
                bool green = true;
                await AnsiConsole.Live(table).StartAsync(async live =>
                {
                    foreach (int run in Enumerable.Range(1, parsed.GetValue(repeat)))
                    {
                        foreach ((string name, string faults) in Scenarios.Where(scenario => scenario.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase)))
                        {
                            stop.ThrowIfCancellationRequested();
                            string conf = Path.Combine(folder, "faults.conf");
                            await File.WriteAllTextAsync(conf, $"seed = {run}\nnodes {{ trainers = {(name.StartsWith("trainer", StringComparison.Ordinal) ? 3 : 1)}, workers = 2 }}\nfaults = [ {faults} ]\n", stop);
                            string error = await Noprop.RunAsync(folder, [.. train, "--out", $"run-{run}", "--faults", conf], stop);
                            green &= Add(table, name, run, Path.Combine(folder, $"run-{run}"), expected, error);
                            live.Refresh();
                            Directory.Delete(Path.Combine(folder, $"run-{run}"), recursive: true);
                        }
                    }
                });
                return green ? 0 : 1;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static bool Add(Table table, string name, int run, string folder, string expected, string error)
    {
        string file = Path.Combine(folder, "faults.json");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(folder);
            table.AddRow(new Text(name), Number(run), new Text($"no result: {error}"));
            return false;
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement report = json.RootElement;
        long lost = report.GetProperty("lost").GetInt64();
        long twice = report.GetProperty("twice").GetInt64();
        bool right = report.GetProperty("weightsSha256").GetString() == expected;
        double rest = report.GetProperty("faults").EnumerateArray()
            .Select(fault => fault.GetProperty("secondsToWork") is { ValueKind: JsonValueKind.Number } seconds ? seconds.GetDouble() : 0).DefaultIfEmpty(0).Max();
        table.AddRow(
            new Text(name), Number(run), new Text(right ? "yes" : "NO"), Number(lost), Number(twice), Number(report.GetProperty("executed").GetInt64()),
            Number(report.GetProperty("discarded").GetInt64()), new Text(rest.ToString("0.0", CultureInfo.InvariantCulture)),
            new Text(report.GetProperty("wallSeconds").GetDouble().ToString("0.0", CultureInfo.InvariantCulture)));
        return right && lost == 0 && twice == 0;
    }

    private static Text Number(long value) => new(value.ToString(CultureInfo.InvariantCulture));
}
