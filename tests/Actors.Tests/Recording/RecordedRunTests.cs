using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Tests.Equality;
using NoProp.Models.Checkpoints;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

/// <summary>One run, recorded; made once for all tests of its files.</summary>
public sealed class RecordedRun : IAsyncLifetime, IDisposable
{
    private readonly TempFolder temp = new();

    internal RunFolder Folder { get; private set; } = null!;

    internal RunEnded Ended { get; private set; } = null!;

    internal IEnumerable<JsonObject> Metrics => MetricsLog.Read(Folder.Metrics);

    public async Task InitializeAsync()
    {
        RunPlan plan = Runs.OnDigits("noprop.metrics.tensorboard=on", "noprop.metrics.every-steps=5", "noprop.checkpoint.keep=2");
        Folder = RunFolder.Create(temp.File("run"), SettingsHocon.ToHocon(plan.Settings));
        Ended = await (plan with { Folder = Folder }).Train();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        Folder.Dispose();
        temp.Dispose();
    }
}

public sealed class RecordedRunTests(RecordedRun run) : IClassFixture<RecordedRun>
{
    [Theory]
    [InlineData("start", "clocks,target,stepsPerEpoch,slots,elapsedSeconds,policy,policies")]
    [InlineData("steps", "block,clock,steps,loss,squaredError,lead,secondsPerStep,worker,waitSeconds")]
    [InlineData("head", "clock,loss")]
    [InlineData("staleness", "blocks,workers")]
    [InlineData("throughput", "steps,elapsedSeconds,stepsPerSecond,alive,leased,contributing")]
    [InlineData("epoch", "epoch,steps,testAccuracy,testAccuracyPerBlock,elapsedSeconds")]
    [InlineData("checkpoint", "step")]
    [InlineData("end", "outcome,reason,testAccuracy,steps,wallSeconds")]
    public void A_record_has_the_fields_of_its_type(string type, string fields)
    {
        JsonObject[] records = [.. run.Metrics.Where(record => (string?)record["type"] == type)];

        Assert.NotEmpty(records);
        Assert.All(records, record => Assert.Equal($"type,at,{fields}", string.Join(',', record.Select(field => field.Key))));
    }

    [Fact]
    public void Every_line_of_the_metrics_is_a_record() =>
        Assert.Equal(File.ReadLines(run.Folder.Metrics).Count(), run.Metrics.Count());

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_step_of_a_block_is_in_one_record_of_losses(int block) => Assert.Equal(
        20, run.Metrics.Where(record => (string?)record["type"] == "steps" && (int)record["block"]! == block).Sum(record => (int)record["steps"]!));

    [Fact]
    public void Each_epoch_is_recorded_in_order() =>
        Assert.Equal([1, 2], run.Metrics.Where(record => (string?)record["type"] == "epoch").Select(record => (int)record["epoch"]!));

    [Fact]
    public void The_summary_tells_what_the_run_told()
    {
        RunSummary summary = RunSummary.FromJson(File.ReadAllText(run.Folder.Summary));

        Assert.Equal(
            ("completed", run.Ended.Figures.WeightsSha256, 80L, 2, (double?)run.Ended.Figures.TestAccuracyPerBlock[^1]),
            (summary.Outcome, summary.WeightsSha256, summary.BlockSteps, summary.Epochs, summary.TestAccuracy));
    }

    [Fact]
    public void The_last_checkpoint_holds_the_weights_that_the_run_ended_with() => Assert.Equal(
        run.Ended.Figures.WeightsSha256, WeightsHash.Sha256(run.Folder.Checkpoints.LoadNewestWhole().Checkpoint!.Snapshots));

    [Fact]
    public void No_more_checkpoints_are_kept_than_wanted() => Assert.InRange(run.Folder.Checkpoints.Steps().Count, 1, 2);

    [Fact]
    public void TensorBoards_file_is_a_row_of_whole_records()
    {
        string path = Assert.Single(Directory.GetFiles(run.Folder.TensorBoard, "*tfevents*", SearchOption.AllDirectories));

        // A header; 4 blocks with 4 records of two curves each; the head's; two accuracies.
        Assert.InRange(EventFile.Records(File.ReadAllBytes(path)).Count, 1 + 4 * 2 * 2 + 1 + 2, 200);
    }
}
