using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Actors.Tests.Equality;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

/// <summary>A run that cannot be recorded ends, and says why in one line.</summary>
public sealed class UnwritableFolderTests
{
    [SmallDiskFact]
    public async Task A_full_disk_ends_the_run()
    {
        using SmallDisk disk = new();
        using RunFolder folder = RunFolder.Create(disk.File("run"), "");
        Fill(disk, leave: 8 << 10);

        RunEnded ended = await (Runs.OnDigits() with { Folder = folder }).Train();

        Assert.Equal(RunOutcome.Failed, ended.Outcome);
        Assert.Contains("full", OneLine(ended), StringComparison.OrdinalIgnoreCase);
    }

    [SmallDiskFact]
    public async Task A_disk_with_room_for_the_summary_but_not_for_a_checkpoint_ends_the_run_as_a_failure()
    {
        using SmallDisk disk = new();
        using RunFolder folder = RunFolder.Create(disk.File("run"), "");
        Fill(disk, leave: 24 << 10);

        // The one checkpoint is that of the end.
        RunEnded ended = await (Runs.OnDigits("noprop.epochs=1") with { Folder = folder }).Train();

        Assert.Equal((RunOutcome.Failed, true), (ended.Outcome, OneLine(ended).StartsWith("cannot save checkpoint", StringComparison.Ordinal)));
    }

    [SmallDiskFact]
    public async Task A_read_only_disk_ends_the_run()
    {
        using SmallDisk disk = new();
        RunFolder.Create(disk.File("run"), "").Dispose();
        using RunFolder folder = RunFolder.Read(disk.File("run"));
        disk.MakeReadOnly();

        RunEnded ended = await (Runs.OnDigits("noprop.metrics.tensorboard=on") with { Folder = folder }).Train();

        Assert.Equal(RunOutcome.Failed, ended.Outcome);
        Assert.Contains("cannot be written", OneLine(ended), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_that_cannot_be_opened_end_the_run()
    {
        using TempFolder temp = new();
        using RunFolder folder = RunFolder.Create(temp.File("run"), "");
        Directory.CreateDirectory(folder.Metrics);

        RunEnded ended = await (Runs.OnDigits() with { Folder = folder }).Train();

        Assert.StartsWith($"{folder.Metrics} cannot be written", OneLine(ended), StringComparison.Ordinal);
    }

    private static string OneLine(RunEnded ended)
    {
        Assert.DoesNotContain('\n', ended.Reason!);
        return ended.Reason!;
    }

    private static void Fill(SmallDisk disk, int leave)
    {
        using FileStream file = File.Create(disk.File("filler"));
        long free = new DriveInfo(disk.Path).AvailableFreeSpace;
        file.Write(new byte[free - leave]);
    }
}
