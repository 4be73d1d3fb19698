using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public sealed class CheckpointDamageTests : IDisposable
{
    private readonly TempFolder run = new();
    private readonly CheckpointStore store;

    public CheckpointDamageTests()
    {
        store = new CheckpointStore(run.Path);
        store.Save(Samples.Checkpoint(10));
        store.Save(Samples.Checkpoint(20));
    }

    public void Dispose() => run.Dispose();

    [Fact]
    public void A_checkpoint_with_one_byte_changed_is_named_in_the_error()
    {
        Samples.ForEachChangedByte(Head, i =>
            Assert.StartsWith("checkpoints/0000000020/head.safetensors has SHA-256 ", Samples.Error(() => store.Load(20)), StringComparison.Ordinal));
    }

    [Fact]
    public void A_manifest_with_one_byte_changed_is_named_in_the_error()
    {
        Samples.ForEachChangedByte(Manifest, i =>
            Assert.StartsWith("checkpoints/0000000020/manifest.json does", Samples.Error(() => store.Load(20)), StringComparison.Ordinal));
    }

    [Fact]
    public void A_truncated_file_is_named_with_both_lengths()
    {
        byte[] whole = File.ReadAllBytes(Head);
        File.WriteAllBytes(Head, whole[..^1]);

        Assert.StartsWith(
            $"checkpoints/0000000020/head.safetensors is {whole.Length - 1} bytes long, and the manifest says {whole.Length}",
            Samples.Error(() => store.Load(20)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_manifest_is_named()
    {
        byte[] whole = File.ReadAllBytes(Manifest);

        Assert.All(Enumerable.Range(0, whole.Length), length =>
        {
            File.WriteAllBytes(Manifest, whole[..length]);
            Assert.StartsWith("checkpoints/0000000020/manifest.json does not end", Samples.Error(() => store.Load(20)), StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("head.safetensors")]
    [InlineData("block-02.safetensors")]
    [InlineData("manifest.json")]
    public void A_missing_file_is_named(string file)
    {
        File.Delete(PathOf(20, file));

        Assert.StartsWith($"checkpoints/0000000020/{file} is missing", Samples.Error(() => store.Load(20)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_named()
    {
        File.Delete(Head);
        Directory.CreateDirectory(Head);

        Assert.StartsWith("checkpoints/0000000020/head.safetensors ", Samples.Error(() => store.Load(20)), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_exchanged_files_are_noticed()
    {
        string block = PathOf(20, "block-01.safetensors");
        File.Move(block, run.File("kept"));
        File.Move(Head, block);
        File.Move(run.File("kept"), Head);

        Assert.StartsWith("checkpoints/0000000020/block-01.safetensors ", Samples.Error(() => store.Load(20)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_without_a_checkpoint_is_named()
    {
        Assert.StartsWith("checkpoints/0000000015/manifest.json is missing", Samples.Error(() => store.Load(15)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_under_another_number_is_refused()
    {
        Directory.Move(run.File("checkpoints/0000000020"), run.File("checkpoints/0000000099"));

        Assert.StartsWith("checkpoints/0000000099/manifest.json belongs to step 20", Samples.Error(() => store.Load(99)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_checkpoint_is_used_when_it_is_whole()
    {
        Assert.Equal(20, store.LoadNewestWhole().Checkpoint?.Step);
    }

    [Fact]
    public void The_checkpoint_before_a_damaged_one_is_used()
    {
        File.Delete(Head);

        Assert.Equal(10, store.LoadNewestWhole().Checkpoint?.Step);
    }

    [Fact]
    public void The_reason_why_a_checkpoint_was_skipped_is_told()
    {
        File.Delete(Head);

        Assert.StartsWith("checkpoints/0000000020/head.safetensors is missing", Assert.Single(store.LoadNewestWhole().Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void When_all_are_damaged_there_is_no_checkpoint_and_a_reason_for_each_newest_first()
    {
        File.Delete(Head);
        File.Delete(PathOf(10, "manifest.json"));

        (Checkpoint? checkpoint, IReadOnlyList<string> problems) = store.LoadNewestWhole();

        Assert.Null(checkpoint);
        Assert.Equal(["checkpoints/0000000020/head.safetensors", "checkpoints/0000000010/manifest.json"], problems.Select(p => p.Split(' ')[0]));
    }

    [Fact]
    public void A_run_without_checkpoints_has_no_newest_one_and_no_problems()
    {
        (Checkpoint? checkpoint, IReadOnlyList<string> problems) = new CheckpointStore(run.File("other")).LoadNewestWhole();

        Assert.True(checkpoint is null && problems.Count == 0);
    }

    private string Head => PathOf(20, "head.safetensors");

    private string Manifest => PathOf(20, "manifest.json");

    private string PathOf(long step, string file) => Path.Combine(run.Path, "checkpoints", $"{step:D10}", file);
}
