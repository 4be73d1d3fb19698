using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>
/// Workers that are killed again and again, as real processes whose steps sleep: what remains of the balanced progress, and whether an outage touches blocks
/// that the dead worker did not hold.
/// </summary>
internal static class Storm
{
    private const int Workers = 4;
    private const int Blocks = 12;
    private const int BatchesPerEpoch = 12;

    /// <summary><c>storm</c>.</summary>
    public static Command Create()
    {
        Option<int> kills = new("--kills") { Description = "Kills of each storm", DefaultValueFactory = _ => 20 };
        Option<double[]> every = new("--every") { Description = "Cold starts between two kills, one storm for each", DefaultValueFactory = _ => [15, 4], AllowMultipleArgumentsPerToken = true };
        Option<int> slots = new("--slots") { Description = "Slots of each worker; with 4, three workers have room for all blocks", DefaultValueFactory = _ => 4 };
        Option<string> policy = new("--policy") { Description = "Policy of the blocks", DefaultValueFactory = _ => "async" };
        Option<string> sleep = new("--sleep") { Description = "Time that a step sleeps", DefaultValueFactory = _ => "50ms" };
        Command command = new("storm", $"{Blocks} blocks on {Workers} worker processes that sleep instead of computing, killed again and again") { kills, every, slots, policy, sleep };
        command.SetAction(async (parsed, stop) =>
        {
            string folder = Directory.CreateTempSubdirectory("noprop-storm-").FullName;
            Table table = new() { Border = TableBorder.Markdown };
            table.AddColumns("run", "kills", "cold start, s", "at work after, s", "balanced steps/s", "of the calm run", "others in outages", "discarded", "lost", "twice");
            double calm = 0;
            bool green = true;
            try
            {
                // The first run says how long a cold start is and what a run makes without kills.
                string nodes = $"nodes {{ trainers = 1, workers = {Workers}, slots = {parsed.GetValue(slots)}, sleep = {parsed.GetValue(sleep)} }}\n";
                await AnsiConsole.Live(table).StartAsync(async live =>
                {
                    StormRun first = await MeasureAsync("first", "{ at = 500, kill = worker-1 }", epochs: 60);
                    StormRun quiet = await MeasureAsync("without kills", "", epochs: 100);
                    calm = quiet.BalancedRate;
                    Add("without kills", quiet, wanted: null);
                    foreach (double starts in parsed.GetValue(every)!)
                    {
                        double seconds = first.ColdStart * starts * (parsed.GetValue(kills) + 1);
                        string name = string.Create(CultureInfo.InvariantCulture, $"a kill every {starts} cold starts");
                        // One kill before the storm: what a cold start takes while others train is measured from it on.
                        string fault = string.Create(CultureInfo.InvariantCulture, $"{{ at = 500, kill = worker-1 }}, {{ every = \"{starts} cold-starts\", kill = any-worker, times = {parsed.GetValue(kills)} }}");
                        Add(name, await MeasureAsync(name.Replace(' ', '-'), fault, (int)Math.Ceiling(seconds * calm / BatchesPerEpoch)), wanted: starts >= 15 ? 0.93 : starts >= 4 ? 0.80 : 0);
                    }

                    void Add(string name, StormRun run, double? wanted)
                    {
                        double share = run.BalancedRate / calm;
                        green &= run is { Lost: 0, Twice: 0 } && !(share < wanted) && !(run.RateInOutages < 0.98);
                        table.AddRow(
                            name, Number(run.Kills.Count, "0"), Number(run.ColdStart, "0.0"), Number(run.ToWork, "0.00"), Number(run.BalancedRate, "0.00"), Number(share, "0.000"),
                            Number(run.RateInOutages, "0.000"), $"{run.Discarded} of {run.Executed}", Number(run.Lost, "0"), Number(run.Twice, "0"));
                        live.Refresh();
                    }
                });
                return green ? 0 : 1;

                async Task<StormRun> MeasureAsync(string name, string faults, int epochs)
                {
                    string conf = Path.Combine(folder, "faults.conf");
                    await File.WriteAllTextAsync(conf, $"{nodes}{(faults.Length > 0 ? $"faults = [ {faults} ]\n" : "")}", stop);
                    string error = await Noprop.RunAsync(
                        folder,
                        [
                            "train", "--plain", "--blocks", Blocks.ToString(CultureInfo.InvariantCulture), "--epochs", epochs.ToString(CultureInfo.InvariantCulture), "--policy", parsed.GetValue(policy)!,
                            "--set", "noprop.policy.visit=1", "--out", name, "--faults", conf,
                        ],
                        stop);
                    return File.Exists(Path.Combine(folder, name, "faults.json")) ? new(Path.Combine(folder, name)) : throw new InvalidOperationException(error);
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static string Number(double value, string format) => double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture);
}
