using System.Text.Json.Nodes;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Replaying;

/// <summary><c>noprop fork</c> goes on from one state of a run with other policies, side by side.</summary>
[Collection(ProcessTests.Name)]
public sealed class ForkTests(LearnedRun run) : IDisposable
{
    private readonly TempFolder folder = new();

    public static TheoryData<string> Arms => [.. LearnedRun.Arms];

    [Theory]
    [MemberData(nameof(Arms))]
    public async Task An_arm_replays_to_its_own_weights(string arm)
    {
        string output = (await NopropProcess.RunAsync(folder.Path, "replay", Path.Combine(await run.ForkedAsync(), arm))).Succeeded().Output;

        Assert.EndsWith("the same as the run's\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public async Task An_arm_makes_the_steps_that_the_run_made(string arm) => Assert.Equal(
        SmallRun.Summary(await run.PathAsync()).BlockSteps,
        SmallRun.Summary(Path.Combine(await run.ForkedAsync(), arm)).BlockSteps);

    [Fact]
    public async Task The_report_names_every_arm_with_its_weights()
    {
        string forked = await run.ForkedAsync();
        string report = File.ReadAllText(Path.Combine(forked, "report.md"));

        Assert.All(
            LearnedRun.Arms.Zip(["lockstep", "bounded:2"]),
            arm => Assert.Matches($@"\| {arm.Second} +\|.*\| {SmallRun.Weights(Path.Combine(forked, arm.First))[..16]} \| finished +\|", report));
    }

    [Fact]
    public async Task The_report_is_there_for_programs_too()
    {
        JsonNode report = JsonNode.Parse(File.ReadAllText(Path.Combine(await run.ForkedAsync(), "report.json")))!;

        Assert.Equal(["lockstep", "bounded:2"], report["arms"]!.AsArray().Select(arm => (string)arm!["name"]!));
    }

    [Theory]
    [InlineData("noprop.policy.blocks = lokstep (--policies): unknown policy 'lokstep': did you mean 'lockstep'?", "lokstep")]
    [InlineData("--policies colour=red: there is no policy for 'colour', only for blocks, placement, visit", "colour=red")]
    [InlineData("--policies names the arm async twice", "async,async")]
    [InlineData("--policies names no arm", ",")]
    public async Task Arms_that_make_no_sense_are_refused_before_anything_is_written(string words, string policies)
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "fork", await run.PathAsync(), "--policies", policies, "--out", "fork");

        Assert.Contains(words, result.SingleError(exitCode: 2), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_checkpoint_that_is_missing_is_refused_with_those_that_there_are()
    {
        string path = await run.PathAsync();

        string error = (await NopropProcess.RunAsync(folder.Path, "fork", $"{path}@7", "--policies", "lockstep")).SingleError(exitCode: 1);

        Assert.Contains(
            $"has no checkpoint of 7 block steps: there are {string.Join(", ", new Models.Checkpoints.CheckpointStore(path).Steps())}", error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
