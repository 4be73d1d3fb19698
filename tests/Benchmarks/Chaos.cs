using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace NoProp.Benchmarks;

/// <summary>
/// Runs on a cluster of real processes, each with faults drawn from its number: every one must end with the weights of a run on one machine.
/// </summary>
internal static class Chaos
{
    // Time-outs are half the usual ones, so that more faults fit into a minute.
    private const string BaseTime = "500ms";

    /// <summary><c>chaos</c>.</summary>
    public static Command Create()
    {
        Option<int> repeat = new("--repeat") { Description = "Runs", DefaultValueFactory = _ => 1 };
        Option<int> first = new("--first") { Description = "Number of the first run, from which its faults follow", DefaultValueFactory = _ => 1 };
        Option<int> faults = new("--faults") { Description = "Faults in a run", DefaultValueFactory = _ => 5 };
        Option<int> epochs = new("--epochs") { Description = "Epochs of digits in a run", DefaultValueFactory = _ => 10 };
        Option<string?> keep = new("--keep") { Description = "Folder for the runs that are not right", HelpName = "FOLDER" };
        Command command = new("chaos", "Faults on a cluster of real processes: every run must end with the weights of a run on one machine, none lost and none twice")
        {
            repeat, first, faults, epochs, keep,
        };
        command.SetAction(async (parsed, stop) =>
        {
            string folder = Directory.CreateTempSubdirectory("noprop-chaos-").FullName;
            string[] train = ["train", "--plain", "--epochs", parsed.GetValue(epochs).ToString(CultureInfo.InvariantCulture), "--set", "noprop.checkpoint.min-interval=1s"];
            try
            {
                await Noprop.RunAsync(folder, [.. train, "--out", "alone"], stop);
                using JsonDocument alone = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "alone", "summary.json"), stop));
                string expected = alone.RootElement.GetProperty("weightsSha256").GetString()!;
                Console.WriteLine("| run | faults | right weights | lost | twice | executed | discarded | longest rest, s | time, s |\n| --: | --- | --- | --: | --: | --: | --: | --: | --: |");
                int green = 0;
                int count = parsed.GetValue(repeat);
                foreach (int run in Enumerable.Range(parsed.GetValue(first), count))
                {
                    stop.ThrowIfCancellationRequested();
                    string name = string.Create(CultureInfo.InvariantCulture, $"run-{run}");
                    string conf = Path.Combine(folder, "faults.conf");
                    string drawn = Draw(run, parsed.GetValue(faults));
                    await File.WriteAllTextAsync(conf, $"seed = {run}\nnodes {{ trainers = 3, workers = 2 }}\nfaults = [ {drawn} ]\n", stop);
                    string error = await Noprop.RunAsync(folder, [.. train, "--set", $"noprop.cluster.base-time={BaseTime}", "--out", name, "--faults", conf], stop);
                    bool right = Write(run, drawn, Path.Combine(folder, name), expected, error);
                    green += right ? 1 : 0;
                    if (!right && parsed.GetValue(keep) is { } kept && Directory.Exists(Path.Combine(folder, name)))
                    {
                        Directory.CreateDirectory(kept);
                        await Process.Start("cp", ["-r", .. Directory.GetFileSystemEntries(folder, name + "*"), kept]).WaitForExitAsync(stop);
                    }

                    Array.ForEach(Directory.GetDirectories(folder, name + "*"), left => Directory.Delete(left, recursive: true));
                }

                Console.WriteLine($"{green} of {count} runs are right");
                return green == count ? 0 : 1;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    // Of every kind; a worker that leaves is followed by another one, and there is one trainer more than may die.
    private static string Draw(int run, int count)
    {
        Random random = new(run);
        List<string> faults = [];
        int workers = 2;
        bool trainerDied = false;
        foreach (int percent in Enumerable.Range(0, count).Select(_ => random.Next(10, 95)).Order())
        {
            string any = $"worker-{random.Next(1, 3)}";
            faults.AddRange(random.Next(trainerDied ? 8 : 10) switch
            {
                0 or 1 => [$"{{ at = {percent}%, kill = any-worker }}"],
                2 => [$"{{ at = {percent}%, kill = any-worker, restart = 2s }}"],
                3 => [$"{{ at = {percent}%, stop = any-worker, for = {random.Next(1, 6)}s }}"],
                4 => [$"{{ at = {percent}%, slow = any-worker, for = 4s }}"],
                5 => [$"{{ at = {percent}%, head = fail }}"],
                6 => [$"{{ at = {percent}%, partition = [{any}], for = {random.Next(1, 10)}s }}"],
                7 => [$"{{ at = {percent}%, join = worker-{++workers} }}", $"{{ at = {percent}%, leave = worker-{workers - 2} }}"],
                8 => [$"{{ at = {percent}%, kill = trainer }}"],
                _ => (string[])[$"{{ at = {percent}%, corrupt = newest }}", $"{{ at = {percent}%, kill = trainer }}"],
            });
            trainerDied |= faults[^1].Contains("kill = trainer", StringComparison.Ordinal);
        }

        return string.Join(", ", faults);
    }

    private static bool Write(int run, string faults, string folder, string expected, string error)
    {
        string what = faults.Replace("{ ", "", StringComparison.Ordinal).Replace(" }", "", StringComparison.Ordinal).Replace("at = ", "", StringComparison.Ordinal);
        string file = Path.Combine(folder, "faults.json");
        if (!File.Exists(file))
        {
            Console.WriteLine($"| {run} | {what} | no result: {error.Trim()} |");
            return false;
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement report = json.RootElement;
        long lost = report.GetProperty("lost").GetInt64();
        long twice = report.GetProperty("twice").GetInt64();
        bool right = report.GetProperty("weightsSha256").GetString() == expected;
        double rest = report.GetProperty("faults").EnumerateArray()
            .Select(fault => fault.GetProperty("secondsToWork") is { ValueKind: JsonValueKind.Number } seconds ? seconds.GetDouble() : 0).DefaultIfEmpty(0).Max();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {run} | {what} | {(right ? "yes" : $"NO ({report.GetProperty("outcome").GetString()})")} | {lost} | {twice} | {report.GetProperty("executed").GetInt64()} | {report.GetProperty("discarded").GetInt64()} | {rest:0.0} | {report.GetProperty("wallSeconds").GetDouble():0.0} |"));
        return right && lost == 0 && twice == 0;
    }
}
