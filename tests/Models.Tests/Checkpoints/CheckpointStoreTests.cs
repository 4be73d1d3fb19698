using System.Text.Json;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TempFolder run = new();
    private readonly CheckpointStore store;

    public CheckpointStoreTests() => store = new CheckpointStore(run.Path);

    public void Dispose() => run.Dispose();

    [Fact]
    public void Snapshots_come_back_byte_for_byte_with_their_names_and_clocks()
    {
        Checkpoint saved = Samples.Checkpoint(20);
        store.Save(saved);

        Assert.Equal(Contents(saved), Contents(store.Load(20)));
    }

    [Fact]
    public void State_comes_back_unchanged()
    {
        Dictionary<string, string> state = new() { ["draws"] = "17", ["é"] = "line\nfeed \"quote\"" };
        store.Save(Samples.Checkpoint(20) with { State = state });

        Assert.Equal(state, store.Load(20).State);
    }

    [Fact]
    public void A_checkpoint_is_one_folder_with_a_file_for_each_snapshot_and_a_manifest()
    {
        store.Save(Samples.Checkpoint(20));

        Assert.Equal(
            ["checkpoints/0000000020/block-01.safetensors", "checkpoints/0000000020/block-02.safetensors",
                "checkpoints/0000000020/head.safetensors", "checkpoints/0000000020/manifest.json"],
            Files());
    }

    [Fact]
    public void The_manifest_lists_step_date_files_and_state()
    {
        new CheckpointStore(run.Path, new FixedTime()).Save(Samples.Checkpoint(20));

        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(PathOf(20, "manifest.json")));
        JsonElement file = manifest.RootElement.GetProperty("files")[0];
        Assert.Equal(
            ("1", "20", "2025-01-31T12:00:00Z", "block-01", "20", new FileInfo(PathOf(20, "block-01.safetensors")).Length.ToString(), "17"),
            (manifest.RootElement.GetProperty("format").ToString(), manifest.RootElement.GetProperty("step").ToString(),
                manifest.RootElement.GetProperty("created").ToString(), file.GetProperty("name").ToString(), file.GetProperty("clock").ToString(),
                file.GetProperty("bytes").ToString(), manifest.RootElement.GetProperty("state").GetProperty("draws").ToString()));
    }

    [Fact]
    public void Steps_are_listed_in_ascending_order()
    {
        foreach (long step in (long[])[300, 20, 12_345_678_901, 0])
        {
            store.Save(Samples.Checkpoint(step));
        }

        Assert.Equal([0, 20, 300, 12_345_678_901], store.Steps());
    }

    [Fact]
    public void A_run_without_checkpoints_has_no_steps()
    {
        Assert.Empty(store.Steps());
    }

    [Fact]
    public void Other_folders_and_files_are_not_taken_for_checkpoints()
    {
        store.Save(Samples.Checkpoint(20));
        Directory.CreateDirectory(run.File("checkpoints/30"));
        Directory.CreateDirectory(run.File("checkpoints/best"));
        File.WriteAllText(run.File("checkpoints/0000000040"), "");

        Assert.Equal([20], store.Steps());
    }

    [Fact]
    public void Saving_the_same_checkpoint_again_writes_nothing()
    {
        store.Save(Samples.Checkpoint(20));
        DateTime written = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(PathOf(20, "manifest.json"), written);

        store.Save(Samples.Checkpoint(20));

        Assert.Equal(written, File.GetLastWriteTimeUtc(PathOf(20, "manifest.json")));
    }

    [Fact]
    public void Saving_different_weights_for_the_same_step_replaces_them()
    {
        store.Save(Samples.Checkpoint(20, fill: 1));

        store.Save(Samples.Checkpoint(20, fill: 100));

        Assert.Equal(Contents(Samples.Checkpoint(20, fill: 100)), Contents(store.Load(20)));
    }

    [Fact]
    public void Saving_a_different_state_for_the_same_step_replaces_it()
    {
        store.Save(Samples.Checkpoint(20));

        store.Save(Samples.Checkpoint(20) with { State = new Dictionary<string, string> { ["draws"] = "18" } });

        Assert.Equal("18", store.Load(20).State["draws"]);
    }

    [Fact]
    public void Saving_over_a_damaged_checkpoint_mends_it()
    {
        store.Save(Samples.Checkpoint(20));
        File.WriteAllBytes(PathOf(20, "head.safetensors"), [1, 2, 3]);

        store.Save(Samples.Checkpoint(20));

        Assert.Equal(Contents(Samples.Checkpoint(20)), Contents(store.Load(20)));
    }

    [Fact]
    public void A_replaced_checkpoint_leaves_nothing_behind()
    {
        store.Save(Samples.Checkpoint(20, fill: 1));
        store.Save(Samples.Checkpoint(20, fill: 100));

        Assert.Single(Directory.GetFileSystemEntries(run.File("checkpoints")));
    }

    [Fact]
    public void What_comes_after_a_step_is_set_aside_and_kept()
    {
        foreach (long step in (long[])[10, 20, 30])
        {
            store.Save(Samples.Checkpoint(step));
        }

        store.SetAside(20);
        store.Save(Samples.Checkpoint(30));
        IReadOnlyList<string> names = store.SetAside(10);

        Assert.Equal([10], store.Steps());
        Assert.Equal(["checkpoints/0000000020.set-aside", "checkpoints/0000000030.set-aside-2"], names);
        Assert.True(File.Exists(run.File("checkpoints/0000000030.set-aside/manifest.json")));
    }

    [Fact]
    public void Pruning_keeps_the_newest()
    {
        foreach (long step in (long[])[10, 20, 30, 40])
        {
            store.Save(Samples.Checkpoint(step));
        }

        store.Prune(2);

        Assert.Equal([30, 40], store.Steps());
    }

    [Fact]
    public void Pruning_leaves_nothing_of_what_it_removes()
    {
        store.Save(Samples.Checkpoint(10));
        store.Save(Samples.Checkpoint(20));

        store.Prune(1);

        Assert.Single(Directory.GetFileSystemEntries(run.File("checkpoints")));
    }

    [Fact]
    public void Pruning_never_removes_the_last_checkpoint()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Prune(0));
    }

    [Theory]
    [InlineData("../head")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("BLOCK-01")]
    public void A_snapshot_name_that_cannot_be_a_file_of_its_own_is_refused(string name)
    {
        Checkpoint checkpoint = Samples.Checkpoint(20);

        Assert.Throws<ArgumentException>(() => store.Save(checkpoint with { Snapshots = [.. checkpoint.Snapshots, Samples.Snapshot(name)] }));
    }

    [Fact]
    public void A_snapshot_that_could_not_be_read_back_is_not_saved()
    {
        Checkpoint checkpoint = Samples.Checkpoint(20) with { Snapshots = [new Snapshot("head", 1, new byte[20])] };

        Samples.Error(() => store.Save(checkpoint));

        Assert.Empty(store.Steps());
    }

    private static IEnumerable<(string, long, string)> Contents(Checkpoint checkpoint) =>
        checkpoint.Snapshots.Select(snapshot => (snapshot.Name, snapshot.Clock, Convert.ToHexString(snapshot.Safetensors.Span)));

    private string PathOf(long step, string file) => Path.Combine(run.Path, "checkpoints", $"{step:D10}", file);

    private IEnumerable<string> Files() => Directory.GetFiles(run.Path, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(run.Path, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2025, 1, 31, 14, 0, 0, TimeSpan.FromHours(2));
    }
}
