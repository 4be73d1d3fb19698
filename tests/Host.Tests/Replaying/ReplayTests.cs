using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Replaying;

/// <summary><c>noprop replay</c> makes a run again, and says whether it is the same.</summary>
[Collection(ProcessTests.Name)]
public sealed class ReplayTests(LearnedRun run, SmallRun alone) : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_run_is_made_again_and_is_the_same() => Assert.EndsWith(
        $"SHA-256 {SmallRun.Weights(await run.PathAsync())}\nthe same as the run's\n", (await run.ReplayedAsync()).Output, StringComparison.Ordinal);

    [Fact]
    public async Task Every_checkpoint_on_the_way_is_compared()
    {
        string output = (await run.ReplayedAsync()).Output;

        Assert.All(
            new Models.Checkpoints.CheckpointStore(await run.PathAsync()).Steps(),
            step => Assert.Contains($"checkpoint of {step} block steps: the same weights\n", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replay_ends_where_it_is_asked_to()
    {
        string output = (await NopropProcess.RunAsync(folder.Path, "replay", await run.PathAsync(), "--until", "13")).Succeeded().Output;

        Assert.StartsWith("weights after 13 block steps: SHA-256 ", output.Split('\n')[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_blocks_share_nothing_is_made_again_without_a_log()
    {
        string path = await alone.PathAsync();
        long first = new Models.Checkpoints.CheckpointStore(path).Steps()[0];

        string output = (await NopropProcess.RunAsync(folder.Path, "replay", path, "--until", $"{first}")).Succeeded().Output;

        Assert.StartsWith($"checkpoint of {first} block steps: the same weights\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_blocks_share_nothing_is_made_again_up_to_a_checkpoint_alone() => Assert.Contains(
        "share nothing, so any order of steps leads to a checkpoint, and only those can be replayed to: --until ",
        (await NopropProcess.RunAsync(folder.Path, "replay", await alone.PathAsync(), "--until", "1")).SingleError(exitCode: 1),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_damaged_log_ends_with_one_line_that_names_the_record()
    {
        string copy = folder.Copy(await run.PathAsync(), "copy");
        (int record, long offset) = LearnedRun.Damage(copy);

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "replay", "copy");

        Assert.Contains($"replay.log is damaged at record {record} (byte {offset}): its checksum does not fit", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_without_its_log_cannot_be_replayed()
    {
        File.Delete(LearnedRun.Log(folder.Copy(await run.PathAsync(), "copy")));

        Assert.Contains("replay.log cannot be read", (await NopropProcess.RunAsync(folder.Path, "replay", "copy")).SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_ends_before_the_newest_checkpoint_is_refused()
    {
        string log = LearnedRun.Log(folder.Copy(await run.PathAsync(), "copy"));
        byte[] file = File.ReadAllBytes(log);
        File.WriteAllBytes(log, file[..^1]);

        string error = (await NopropProcess.RunAsync(folder.Path, "replay", "copy")).SingleError(exitCode: 1);

        Assert.Contains("records that lead to the newest checkpoint: record ", error, StringComparison.Ordinal);
        Assert.Contains("the file ends in the middle of it", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_to_stop_after_are_at_least_one() => Assert.Contains(
        "--until 0: must be a whole number of at least 1",
        (await NopropProcess.RunAsync(folder.Path, "replay", await run.PathAsync(), "--until", "0")).SingleError(exitCode: 2),
        StringComparison.Ordinal);

    public void Dispose() => folder.Dispose();
}
