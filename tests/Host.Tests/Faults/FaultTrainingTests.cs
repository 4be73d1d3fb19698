using System.Text.Json;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary><c>noprop train --faults</c> with real processes, real signals and real clocks.</summary>
[Collection(ProcessTests.Name)]
public sealed class FaultTrainingTests : IDisposable
{
    private readonly TempFolder folder = new();

    [LinuxFact]
    public async Task A_run_whose_workers_are_killed_and_stopped_ends_with_the_weights_of_an_undisturbed_one()
    {
        await File.WriteAllTextAsync(folder["faults.conf"], """
            nodes { workers = 2 }
            faults = [
              { at = 10%, stop = worker-2, for = 1s }
              { at = 25%, kill = worker-1 }
              { at = 50%, kill = worker-2 }
              { at = 75%, kill = any-worker, restart = never }
            ]
            """);
        // Fixed embeddings: blocks share nothing, and the weights do not depend on who trains when.
        string[] run = ["train", "--blocks", "4", "--epochs", "10", "--train-limit", "640", "--batch", "64", "--plain", "--seed", "5"];

        (await NopropProcess.RunAsync(folder.Path, [.. run, "--out", "local"])).Succeeded();
        ProcessResult struck = (await NopropProcess.RunAsync(folder.Path, [.. run, "--out", "struck", "--faults", "faults.conf"])).Succeeded();

        using JsonDocument report = JsonDocument.Parse(await File.ReadAllTextAsync(folder["struck/faults.json"]));
        JsonElement root = report.RootElement;
        Assert.Equal(SmallRun.Weights(folder["local"]), root.GetProperty("weightsSha256").GetString());
        Assert.All(root.GetProperty("faults").EnumerateArray(), fault => Assert.Equal("done", fault.GetProperty("outcome").GetString()));
        Assert.DoesNotContain(CommandLines(), line => line.Contains(folder.Path, StringComparison.Ordinal));
        Assert.Equal(4 * 10 * 10, root.GetProperty("committed").GetInt64());
        Assert.Equal((0, 0), (root.GetProperty("lost").GetInt64(), root.GetProperty("twice").GetInt64()));
        Assert.Contains(", 0 lost, 0 committed twice", struck.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_with_a_fault_that_there_is_not_starts_nothing()
    {
        await File.WriteAllTextAsync(folder["faults.conf"], "faults = [ { at = 10, explode = worker-1 } ]");

        Assert.StartsWith(
            "error: faults.conf: faults[0] must say one of kill,",
            (await NopropProcess.RunAsync(folder.Path, "train", "--out", "run", "--faults", "faults.conf")).SingleError(exitCode: 2),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_there_already_is_not_made_to_suffer()
    {
        await File.WriteAllTextAsync(folder["faults.conf"], "");

        Assert.Equal(
            "error: --faults starts a cluster of its own for a new run: leave --join out",
            (await NopropProcess.RunAsync(folder.Path, "train", "--join", "127.0.0.1:4053", "--faults", "faults.conf")).SingleError(exitCode: 2));
    }

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> CommandLines() => Directory.EnumerateDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])).Select(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return "";
        }
    });
}
