using System.Globalization;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Errors;

/// <summary>Run folders that cannot be used as asked: one line that says why, and what is in them stays as it is.</summary>
[Collection(ProcessTests.Name)]
public sealed class RunFolderErrorTests(SmallRun run) : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_new_run_does_not_overwrite_one_that_is_there()
    {
        await CopyAsync();
        string before = Everything();

        Assert.Contains("run holds a run already: continue it with --resume", await FailAsync(1, "train", "--out", "run"), StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Fact]
    public async Task A_new_run_does_not_go_into_a_folder_with_other_files()
    {
        folder.Write("photos/cat.jpg", [1]);

        Assert.Contains("photos is not empty and is no run folder", await FailAsync(1, "train", "--out", "photos"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_cannot_be_resumed_with_settings_that_give_other_weights()
    {
        await CopyAsync();
        string before = Everything();

        string error = await FailAsync(2, "train", "--out", "run", "--resume", "--blocks", "5");

        Assert.Contains("noprop.blocks: 4 in the run, 5 asked for", error, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Theory]
    [InlineData("train", "--resume", "--out", "run")]
    [InlineData("evaluate", "run")]
    [InlineData("predict", "run", "picture.png")]
    public async Task A_folder_that_is_no_run_is_refused_by(params string[] arguments)
    {
        Directory.CreateDirectory(folder["run"]);

        Assert.Contains("run is no run folder: it has no run.conf", await FailAsync(1, arguments), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_where_there_is_nothing_to_resume_says_so()
    {
        Assert.Contains("there is no unfinished run in runs/", await FailAsync(1, "train", "--resume"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluating_a_run_without_checkpoints_says_so()
    {
        await CopyAsync();
        Directory.Delete(folder["run/checkpoints"], recursive: true);

        Assert.Contains("run has no checkpoint yet", await FailAsync(1, "evaluate", "run"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluating_a_checkpoint_that_is_not_there_names_those_that_are()
    {
        await CopyAsync();

        Assert.Contains($"there are {string.Join(", ", Checkpoints())}", await FailAsync(1, "evaluate", "run", "--checkpoint", "7"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluating_a_checkpoint_with_a_changed_byte_names_the_file()
    {
        await CopyAsync();
        ChangeNewestCheckpoint();

        string error = await FailAsync(1, "evaluate", "run");

        Assert.Contains("checkpoints/0000000384/block-02.safetensors", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Training_goes_on_from_the_checkpoint_before_a_damaged_one()
    {
        await CopyAsync();
        ChangeNewestCheckpoint();
        long before = Checkpoints()[^2];

        ProcessResult result = (await NopropProcess.RunAsync(folder.Path, "train", "--out", "run", "--resume", "--epochs", "7")).Succeeded();

        Assert.Collection(
            result.ErrorLines,
            line => Assert.StartsWith("note: checkpoints/0000000384/block-02.safetensors", line, StringComparison.Ordinal),
            line => Assert.Equal($"note: goes on from the checkpoint of {before} block steps", line),
            line => Assert.Equal("note: set aside, because the run makes these steps anew: checkpoints/0000000384.set-aside", line));
        Assert.Equal(7 * SmallRun.StepsPerEpoch, SmallRun.Summary(folder["run"]).BlockSteps);
    }

    [Fact]
    public async Task A_run_whose_checkpoints_are_all_damaged_is_not_begun_anew_silently()
    {
        await CopyAsync();
        foreach (string file in Directory.GetFiles(folder["run/checkpoints"], "manifest.json", SearchOption.AllDirectories))
        {
            File.WriteAllText(file, "{}");
        }

        Assert.Contains("run has no whole checkpoint to resume from", await FailAsync(1, "train", "--out", "run", "--resume"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_summary_that_cannot_be_read_is_written_again()
    {
        await CopyAsync();
        File.WriteAllText(folder["run/summary.json"], "{\"outcome\": ");

        (await NopropProcess.RunAsync(folder.Path, "train", "--out", "run", "--resume")).Succeeded();

        Assert.Equal(await run.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    [Fact]
    public async Task Samples_of_nothing_are_refused()
    {
        await CopyAsync();

        Assert.Contains("--samples 0: must be a whole number from 1", await FailAsync(2, "evaluate", "run", "--samples", "0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_training_in_the_same_folder_is_refused_and_the_first_goes_on()
    {
        using NopropProcess first = NopropProcess.Start(folder.Path, [.. SmallRun.Settings, "--out", "run"]);
        await first.LineAsync("run: digits");

        Assert.Contains("another process trains this run", await FailAsync(1, "train", "--out", "run", "--resume"), StringComparison.Ordinal);
        (await first.EndAsync()).Succeeded();
        Assert.Equal(await run.WeightsAsync(), SmallRun.Weights(folder["run"]));
    }

    public void Dispose() => folder.Dispose();

    private async Task<string> FailAsync(int exitCode, params string[] arguments) =>
        (await NopropProcess.RunAsync(folder.Path, arguments)).SingleError(exitCode);

    private async Task CopyAsync() => folder.Copy(await run.PathAsync(), "run");

    /// <summary>Steps of the checkpoints that are there: when the slowest block ends an epoch, another can be a step ahead.</summary>
    private long[] Checkpoints() =>
        [.. Directory.GetDirectories(folder["run/checkpoints"]).Select(path => long.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)).Order()];

    private void ChangeNewestCheckpoint()
    {
        string file = folder["run/checkpoints/0000000384/block-02.safetensors"];
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }

    /// <summary>The content of every file but the lock, which holds none.</summary>
    private string Everything() => string.Join('\n', Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetFileName(file) != ".lock").Order(StringComparer.Ordinal)
        .Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"));
}
