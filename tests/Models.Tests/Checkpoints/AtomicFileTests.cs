using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Models.Tests.Checkpoints;

public class AtomicFileTests
{
    [Fact]
    public void A_file_holds_the_bytes_that_were_written()
    {
        using TempFolder folder = new();

        AtomicFile.Write(folder.File("f"), [1, 2, 3]);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.File("f")));
    }

    [Fact]
    public void Text_is_written_as_utf8_without_a_byte_order_mark()
    {
        using TempFolder folder = new();

        AtomicFile.Write(folder.File("f"), "é\n");

        Assert.Equal([0xC3, 0xA9, 0x0A], File.ReadAllBytes(folder.File("f")));
    }

    [Fact]
    public void A_longer_earlier_file_is_replaced_as_a_whole()
    {
        using TempFolder folder = new();
        AtomicFile.Write(folder.File("f"), "a long text");

        AtomicFile.Write(folder.File("f"), "short");

        Assert.Equal("short", File.ReadAllText(folder.File("f")));
    }

    [Fact]
    public void A_write_leaves_no_other_file()
    {
        using TempFolder folder = new();

        AtomicFile.Write(folder.File("f"), "text");

        Assert.Equal([folder.File("f")], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_reader_that_has_the_earlier_file_open_goes_on_reading_it()
    {
        using TempFolder folder = new();
        AtomicFile.Write(folder.File("f"), "earlier");
        using StreamReader reader = new(new FileStream(folder.File("f"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

        AtomicFile.Write(folder.File("f"), "new");

        Assert.Equal("earlier", reader.ReadToEnd());
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_the_cause_that_the_error_gives()
    {
        using TempFolder folder = new();
        string path = Path.Combine(folder.Path, "missing", "f");

        Assert.StartsWith($"cannot write {path}: its folder does not exist", Samples.Error(() => AtomicFile.Write(path, "text")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_the_place_of_a_folder_is_the_cause_that_the_error_gives()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("file"), "");
        string path = Path.Combine(folder.Path, "file", "f");

        Assert.StartsWith($"cannot write {path}: {folder.File("file")} is a file", Samples.Error(() => AtomicFile.Write(path, "text")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_the_place_of_the_file_is_the_cause_that_the_error_gives()
    {
        using TempFolder folder = new();

        Assert.StartsWith($"cannot write {folder.Path}: it is a folder", Samples.Error(() => AtomicFile.Write(folder.Path, "text")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_permission_is_the_cause_that_the_error_gives()
    {
        string error = WriteFailure.Of("write", "f", new UnauthorizedAccessException("Access to the path is denied.")).Message;

        Assert.StartsWith("cannot write f: permission denied", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void A_full_disk_is_the_cause_that_the_error_gives()
    {
        using SmallDisk disk = new();

        string error = Samples.Error(() => AtomicFile.Write(disk.File("f"), new byte[2 * SmallDisk.Bytes]));

        Assert.StartsWith($"cannot write {disk.File("f")}: the disk is full", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_the_earlier_file_as_it_was()
    {
        using SmallDisk disk = new();
        AtomicFile.Write(disk.File("f"), "earlier");

        Samples.Error(() => AtomicFile.Write(disk.File("f"), new byte[2 * SmallDisk.Bytes]));

        Assert.Equal("earlier", File.ReadAllText(disk.File("f")));
    }

    [SmallDiskFact]
    public void A_full_disk_leaves_no_temporary_file()
    {
        using SmallDisk disk = new();

        Samples.Error(() => AtomicFile.Write(disk.File("f"), new byte[2 * SmallDisk.Bytes]));

        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [SmallDiskFact]
    public void A_read_only_disk_is_the_cause_that_the_error_gives()
    {
        using SmallDisk disk = new();
        disk.MakeReadOnly();

        string error = Samples.Error(() => AtomicFile.Write(disk.File("f"), "text"));

        Assert.StartsWith($"cannot write {disk.File("f")}: the file system is read-only", error, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public void A_read_only_disk_keeps_the_earlier_file()
    {
        using SmallDisk disk = new();
        AtomicFile.Write(disk.File("f"), "earlier");
        disk.MakeReadOnly();

        Samples.Error(() => AtomicFile.Write(disk.File("f"), "new"));

        Assert.Equal("earlier", File.ReadAllText(disk.File("f")));
    }
}
