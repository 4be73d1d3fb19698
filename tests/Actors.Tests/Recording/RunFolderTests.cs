using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

public sealed class RunFolderTests : IDisposable
{
    private readonly TempFolder temp = new();

    private string RunPath => temp.File("run");

    [Fact]
    public void A_new_run_keeps_its_settings()
    {
        using RunFolder folder = RunFolder.Create(RunPath, "noprop.seed = 1\n");

        Assert.Equal("noprop.seed = 1\n", File.ReadAllText(folder.Settings));
    }

    [Fact]
    public void An_empty_folder_becomes_a_run()
    {
        Directory.CreateDirectory(RunPath);

        using RunFolder folder = RunFolder.Create(RunPath, "");

        Assert.True(File.Exists(folder.Settings));
    }

    [Fact]
    public void A_folder_with_a_run_is_not_begun_again()
    {
        RunFolder.Create(RunPath, "").Dispose();

        Assert.Equal(
            $"{RunPath} holds a run already: continue it with --resume, or choose another folder with --out", Error(() => RunFolder.Create(RunPath, "")));
    }

    [Fact]
    public void A_folder_with_other_files_is_left_alone()
    {
        File.WriteAllText(temp.File("thesis.txt"), "years of work");

        Assert.Equal($"{temp.Path} is not empty and is no run folder: choose another folder with --out", Error(() => RunFolder.Create(temp.Path, "")));
    }

    [Fact]
    public void A_run_that_is_open_for_writing_cannot_be_opened_so_again()
    {
        using RunFolder first = RunFolder.Create(RunPath, "");

        Assert.StartsWith(
            $"{RunPath} cannot be opened for writing: another process trains this run", Error(() => RunFolder.Continue(RunPath)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_open_for_writing_can_be_read()
    {
        using RunFolder writing = RunFolder.Create(RunPath, "settings");

        using RunFolder reading = RunFolder.Read(RunPath);

        Assert.Equal("settings", File.ReadAllText(reading.Settings));
    }

    [Fact]
    public void A_run_that_was_closed_can_be_continued()
    {
        RunFolder.Create(RunPath, "settings").Dispose();

        using RunFolder folder = RunFolder.Continue(RunPath);

        Assert.Equal("settings", File.ReadAllText(folder.Settings));
    }

    [Fact]
    public void A_folder_without_a_run_can_be_neither_continued_nor_read()
    {
        string expected = $"{RunPath} is no run folder: it has no run.conf";

        Assert.Equal((expected, expected), (Error(() => RunFolder.Continue(RunPath)), Error(() => RunFolder.Read(RunPath))));
    }

    [Fact]
    public void A_path_through_a_file_is_refused_in_one_line()
    {
        File.WriteAllText(temp.File("file"), "");

        Assert.DoesNotContain('\n', Error(() => RunFolder.Create(Path.Combine(temp.File("file"), "run"), "")));
    }

    public void Dispose() => temp.Dispose();

    private static string Error(Action action) => Assert.Throws<NoPropException>(action).Message;
}
