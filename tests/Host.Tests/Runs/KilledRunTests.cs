using NoProp.Actors.Recording;
using NoProp.Host.Tests.Processes;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Host.Tests.Runs;

/// <summary>A run that is killed and resumed comes to the same weights, bit for bit, as one that nobody disturbed.</summary>
[Collection(ProcessTests.Name)]
public sealed class KilledRunTests(SmallRun unbroken) : IDisposable
{
    private const int Killed = 137;

    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("epoch 1/")]
    [InlineData("epoch 2/")]
    [InlineData("epoch 4/")]
    [InlineData("epoch 5/")] // that is, while the last epoch is being trained
    public async Task A_run_that_is_killed_and_resumed_ends_with_the_weights_of_an_unbroken_run(string moment)
    {
        await TrainUntilAsync(moment);
        await ResumeAsync();

        Assert.Equal(await unbroken.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    [Fact]
    public async Task A_run_that_is_killed_before_its_first_checkpoint_begins_anew_and_ends_with_the_same_weights()
    {
        await TrainUntilAsync("run: digits");
        Assert.Empty(new CheckpointStore(folder["run"]).Steps());
        ProcessResult resumed = await ResumeAsync();

        Assert.Contains("it begins anew", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(await unbroken.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    [Fact]
    public async Task A_run_that_is_killed_three_times_ends_with_the_weights_of_an_unbroken_run()
    {
        await TrainUntilAsync("epoch 1/");
        // A session may already find the next epoch in its checkpoint, so these name none.
        await TrainUntilAsync("run: digits", "--resume");
        await TrainUntilAsync("epoch ", "--resume");
        await ResumeAsync();

        Assert.Equal(await unbroken.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    [Fact]
    public async Task The_metrics_of_a_killed_and_resumed_run_have_every_epoch_once()
    {
        await TrainUntilAsync("epoch 3/");
        await ResumeAsync();

        Assert.Equal(
            Enumerable.Range(1, SmallRun.Epochs),
            MetricsLog.Read(folder["run/metrics.jsonl"]).Where(record => (string?)record["type"] == "epoch").Select(record => (int)record["epoch"]!));
    }

    [LinuxFact]
    public async Task Ctrl_C_ends_with_exit_code_130()
    {
        Assert.Equal(130, (await TrainUntilCtrlCAsync()).ExitCode);
    }

    [LinuxFact]
    public async Task Ctrl_C_leaves_a_line_that_says_how_to_go_on()
    {
        Assert.Contains("go on with: noprop train --out run --resume", (await TrainUntilCtrlCAsync()).Output, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_run_stopped_by_Ctrl_C_and_resumed_ends_with_the_weights_of_an_unbroken_run()
    {
        await TrainUntilCtrlCAsync();
        await ResumeAsync();

        Assert.Equal(await unbroken.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    [Fact]
    public async Task Resume_without_a_folder_takes_the_newest_run_that_is_not_finished()
    {
        await KillAtAsync("runs", "train", "--blocks", "1", "--epochs", "1");
        await KillAtAsync("runs/newest", "train", "--blocks", "1", "--epochs", "1", "--out", "runs/newest");
        (await NopropProcess.RunAsync(folder.Path, "train", "--blocks", "1", "--epochs", "1", "--out", "runs/finished")).Succeeded();

        ProcessResult resumed = (await NopropProcess.RunAsync(folder.Path, "train", "--resume")).Succeeded();

        Assert.StartsWith("runs/newest: ", resumed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resuming_a_finished_run_says_that_it_is_finished()
    {
        folder.Copy(await unbroken.PathAsync(), "run");

        Assert.Contains("complete after 6 epochs", (await ResumeAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resuming_a_finished_run_keeps_its_metrics_whole()
    {
        folder.Copy(await unbroken.PathAsync(), "run");
        string before = File.ReadAllText(folder["run/metrics.jsonl"]);

        await ResumeAsync();

        Assert.Equal(before, File.ReadAllText(folder["run/metrics.jsonl"]));
    }

    public void Dispose() => folder.Dispose();

    private async Task<ProcessResult> ResumeAsync() => (await NopropProcess.RunAsync(folder.Path, "train", "--out", "run", "--resume")).Succeeded();

    private Task TrainUntilAsync(string moment, params string[] more) => KillAtAsync(moment, [.. SmallRun.Settings, "--out", "run", .. more]);

    private async Task KillAtAsync(string moment, params string[] arguments)
    {
        using NopropProcess process = NopropProcess.Start(folder.Path, arguments);
        await process.LineAsync(moment);
        ProcessResult result = await process.KillAsync();
        Assert.True(result.ExitCode == Killed, $"it was over before it could be killed: {result}");
    }

    private async Task<ProcessResult> TrainUntilCtrlCAsync()
    {
        using NopropProcess process = NopropProcess.Start(folder.Path, [.. SmallRun.Settings, "--out", "run"]);
        await process.LineAsync("epoch 2/");
        process.PressCtrlC();
        return await process.EndAsync();
    }
}
