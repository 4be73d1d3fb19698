using System.Text.Json;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Simulations;

/// <summary><c>noprop simulate</c> as a process.</summary>
[Collection(ProcessTests.Name)]
public sealed class SimulateTests(SmallRun small) : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task Each_policy_gets_a_row_and_an_entry_in_the_file()
    {
        ProcessResult result = (await RunAsync("--blocks", "6", "--workers", "3", "--slow", "34%:4x", "--steps", "100", "--policy", "bounded:8,lockstep", "--json", "out.json")).Succeeded();

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(folder["out.json"]));
        Assert.Equal(["bounded:8", "lockstep"], json.RootElement.EnumerateArray().Select(run => run.GetProperty("policy").GetString()));
        Assert.Contains("bounded:8", result.Output, StringComparison.Ordinal);
        Assert.Contains("lockstep", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_run()
    {
        string[] arguments = ["--steps", "50", "--kill-every", "5s", "--link", "1Gbit", "--embedding", "10x784", "--jitter", "0.3"];

        Assert.Equal((await RunAsync(arguments)).Succeeded().Output, (await RunAsync(arguments)).Succeeded().Output);
    }

    [Fact]
    public async Task A_real_run_gives_its_blocks_slots_and_times()
    {
        string output = (await RunAsync("--calibrate", await small.PathAsync())).Succeeded().Output;

        Assert.StartsWith($"from {await small.PathAsync()}: {SmallRun.Blocks} blocks x {16 * SmallRun.Epochs} steps, ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--slow", "5", "as in 5%:4x")]
    [InlineData("--link", "1000", "as in 1Gbit")]
    [InlineData("--embedding", "10", "as in 10x3072")]
    [InlineData("--kill-every", "often", "as in 500ms, 30s or 5m")]
    [InlineData("--policy", "bogus", "unknown policy 'bogus'")]
    [InlineData("--workers", "0", "from 1 to 1000000")]
    [InlineData("--jitter", "-1", "from 0 to 5")]
    public async Task A_value_that_makes_no_sense_is_refused_in_one_line(string option, string value, string hint)
    {
        ProcessResult result = await RunAsync(option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(hint, Assert.Single(result.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private Task<ProcessResult> RunAsync(params string[] arguments) => NopropProcess.RunAsync(folder.Path, ["simulate", .. arguments]);
}
