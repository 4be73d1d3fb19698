using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Host.Tests.Errors;

/// <summary>Disks that take no more: one line that says so, and the checkpoints that are there stay whole.</summary>
[Collection(ProcessTests.Name)]
public sealed class DiskErrorTests
{
    // A checkpoint of two blocks is between half a MiB and one.
    private const int RoomForAFewCheckpoints = 1_536;
    private const int RoomForNoCheckpoint = 400;
    private const int RoomForTheSettingsAlone = 4;

    [SmallDiskFact]
    public async Task A_disk_that_fills_up_ends_the_run_and_leaves_the_checkpoints_that_are_there()
    {
        using SmallDisk disk = new(RoomForAFewCheckpoints);

        string error = (await TrainAsync(disk, "run", "--epochs", "20", "--set", "noprop.checkpoint.min-interval=0s")).SingleError(exitCode: 1);

        Assert.Contains("the disk is full", error, StringComparison.Ordinal);
        (Checkpoint? newest, IReadOnlyList<string> problems) = new CheckpointStore(disk["run"]).LoadNewestWhole();
        Assert.NotNull(newest);
        Assert.Empty(problems);
    }

    [SmallDiskFact]
    public async Task A_run_whose_only_checkpoint_finds_no_room_has_failed()
    {
        using SmallDisk disk = new(RoomForNoCheckpoint);

        Assert.Contains("the disk is full", (await TrainAsync(disk, "run", "--epochs", "2")).SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task A_disk_without_room_for_the_metrics_is_full()
    {
        using SmallDisk disk = new(RoomForTheSettingsAlone);

        Assert.Contains("No space left", (await TrainAsync(disk, "run")).SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task A_new_run_on_a_read_only_disk_is_refused()
    {
        using SmallDisk disk = new(RoomForAFewCheckpoints);
        disk.MakeReadOnly();

        Assert.Contains("Read-only", (await TrainAsync(disk, "run")).SingleError(exitCode: 1), StringComparison.OrdinalIgnoreCase);
    }

    [SmallDiskFact]
    public async Task A_run_on_a_read_only_disk_cannot_be_resumed_but_can_be_evaluated()
    {
        using SmallDisk disk = new(4_096);
        (await TrainAsync(disk, "run", "--epochs", "1")).Succeeded();
        disk.MakeReadOnly();

        Assert.Contains("read-only", (await TrainAsync(disk, "run", "--epochs", "2", "--resume")).SingleError(exitCode: 1), StringComparison.Ordinal);
        (await NopropProcess.RunAsync(disk.Path, "evaluate", "run")).Succeeded();
    }

    private static Task<ProcessResult> TrainAsync(SmallDisk disk, string name, params string[] more) =>
        NopropProcess.RunAsync(disk.Path, ["train", "--blocks", "2", "--out", name, .. more]);
}
