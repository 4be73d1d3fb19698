using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

/// <summary>What remains of a save that did not come to its end.</summary>
public class CheckpointInterruptionTests
{
    [Fact]
    public void A_half_made_checkpoint_of_a_killed_process_is_not_listed()
    {
        using TempFolder run = new();
        CheckpointStore store = WithLeftover(run.Path);

        Assert.Equal([10], store.Steps());
    }

    [Fact]
    public void A_half_made_checkpoint_of_a_killed_process_is_not_a_problem_on_loading()
    {
        using TempFolder run = new();
        CheckpointStore store = WithLeftover(run.Path);

        Assert.Empty(store.LoadNewestWhole().Problems);
    }

    [Fact]
    public void A_half_made_checkpoint_of_a_killed_process_is_removed_by_the_next_save()
    {
        using TempFolder run = new();
        CheckpointStore store = WithLeftover(run.Path);

        store.Save(Samples.Checkpoint(30));

        Assert.Equal([run.File("checkpoints/0000000010"), run.File("checkpoints/0000000030")],
            Directory.GetFileSystemEntries(run.File("checkpoints")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_run_folder_that_is_a_file_is_the_cause_that_the_error_gives()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("run"), "");

        string error = Samples.Error(() => new CheckpointStore(folder.File("run")).Save(Samples.Checkpoint(10)));

        Assert.Contains($"{folder.File("run")} is a file, not a folder", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_has_the_name_of_the_checkpoint_stops_the_save_without_leaving_anything()
    {
        using TempFolder run = new();
        Directory.CreateDirectory(run.File("checkpoints"));
        File.WriteAllText(run.File("checkpoints/0000000010"), "");

        Samples.Error(() => new CheckpointStore(run.Path).Save(Samples.Checkpoint(10)));

        Assert.Equal([run.File("checkpoints/0000000010")], Directory.GetFileSystemEntries(run.File("checkpoints")));
    }

    [SmallDiskFact]
    public void A_full_disk_is_the_cause_that_the_error_gives()
    {
        using SmallDisk disk = new();

        string error = Samples.Error(() => new CheckpointStore(disk.Path).Save(TooLarge(20)));

        Assert.StartsWith($"cannot save checkpoint {disk.File("checkpoints/0000000020")}: the disk is full", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_only_the_earlier_checkpoint()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        store.Save(Samples.Checkpoint(10));

        Samples.Error(() => store.Save(TooLarge(20)));

        Assert.Equal([disk.File("checkpoints/0000000010")], Directory.GetFileSystemEntries(disk.File("checkpoints")));
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_the_earlier_checkpoint_whole()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        store.Save(Samples.Checkpoint(10));

        Samples.Error(() => store.Save(TooLarge(20)));

        Assert.Equal(10, store.Load(10).Step);
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_the_checkpoint_that_should_have_been_replaced()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        store.Save(Samples.Checkpoint(20));

        Samples.Error(() => store.Save(TooLarge(20)));

        Assert.Equal(3, store.Load(20).Snapshots.Count);
    }

    [SmallDiskFact]
    public void Saving_goes_on_when_a_full_disk_has_room_again()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        Samples.Error(() => store.Save(TooLarge(20)));

        store.Save(Samples.Checkpoint(30));

        Assert.Equal([30], store.Steps());
    }

    [SmallDiskFact]
    public void A_read_only_disk_is_the_cause_that_the_error_gives()
    {
        using SmallDisk disk = new();
        disk.MakeReadOnly();

        string error = Samples.Error(() => new CheckpointStore(disk.Path).Save(Samples.Checkpoint(20)));

        Assert.StartsWith($"cannot save checkpoint {disk.File("checkpoints/0000000020")}: the file system is read-only", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void A_checkpoint_can_be_loaded_from_a_read_only_disk()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        store.Save(Samples.Checkpoint(20));
        disk.MakeReadOnly();

        Assert.Equal(20, store.LoadNewestWhole().Checkpoint?.Step);
    }

    [SmallDiskFact]
    public void Pruning_on_a_read_only_disk_removes_nothing()
    {
        using SmallDisk disk = new();
        CheckpointStore store = new(disk.Path);
        store.Save(Samples.Checkpoint(10));
        store.Save(Samples.Checkpoint(20));
        disk.MakeReadOnly();

        Samples.Error(() => store.Prune(1));

        Assert.Equal([10, 20], store.Steps());
    }

    /// <summary>A store with checkpoint 10 and what a process killed in the middle of saving checkpoint 20 leaves.</summary>
    private static CheckpointStore WithLeftover(string run)
    {
        CheckpointStore store = new(run);
        store.Save(Samples.Checkpoint(10));
        string leftover = Path.Combine(run, "checkpoints", ".tmp-0123456789abcdef0123456789abcdef");
        Directory.CreateDirectory(leftover);
        File.WriteAllBytes(Path.Combine(leftover, "block-01.safetensors"), Samples.Snapshot("block-01").Safetensors.ToArray()[..50]);
        return store;
    }

    /// <summary>Two snapshots of which the first fits the small disk and the second does not.</summary>
    private static Checkpoint TooLarge(long step) => new(
        step,
        [Samples.Large("block-01", SmallDisk.Bytes / 2), Samples.Large("head", SmallDisk.Bytes)],
        new Dictionary<string, string>());
}
