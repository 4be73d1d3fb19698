using NoProp.Host.Report;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using Xunit;

namespace NoProp.Host.Tests.Report;

public sealed class RunReaderTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public void A_test_has_its_place_on_all_three_axes()
    {
        ReportRun run = Read(RecordedRuns.Whole);

        // 40 steps of two blocks: 20 batches of 32 images for each.
        Assert.Equal(new Place(40, 640, 4.5), run.Accuracy[^1].At);
    }

    [Fact]
    public void Steps_of_replicas_are_added_up()
    {
        string[] records = [.. RecordedRuns.Begun, RecordedRuns.Steps(1, 20, seconds: 3)];
        string path = Make([records[0], .. records.Skip(1).Select((line, i) => line.Replace("\"block\":2", "\"block\":1", StringComparison.Ordinal).Replace("\"clock\"", $"\"replica\":{i % 2 + 1},\"clock\"", StringComparison.Ordinal))]);
        File.AppendAllText(Path.Combine(path, "run.conf"), "noprop.replicas = 2\n");

        // One block of two replicas, which together have used 30 batches of 32 images.
        ReportRun run = RunReader.Read(path, "run");
        Assert.Equal((new Place(30, 960, 3), 1), (run.Losses[^1].At, run.Blocks));
    }

    [Fact]
    public void A_loss_has_the_time_since_the_start() => Assert.Equal([1.0, 2.0], Read(RecordedRuns.Begun).Losses.Select(loss => loss.At.Seconds));

    [Fact]
    public void A_session_that_goes_on_counts_its_time_from_that_of_those_before()
    {
        string resumed = RecordedRuns.Whole[0].Replace("[0,0]", "[10,10]", StringComparison.Ordinal).Replace("\"elapsedSeconds\":0", "\"elapsedSeconds\":100", StringComparison.Ordinal);

        ReportRun run = Read([.. RecordedRuns.Begun, resumed, RecordedRuns.Steps(1, 20, seconds: 3)]);

        Assert.Equal(new Place(30, 480, 103), run.Losses[^1].At);
    }

    [Fact]
    public void The_last_counts_of_a_session_hold_all_of_it() => Assert.Equal((12, 4), Read(RecordedRuns.Whole) is var run ? (run.Fate("applied"), run.Fate("rejected")) : default);

    [Fact]
    public void The_counts_of_several_sessions_are_added_up()
    {
        ReportRun run = Read([.. RecordedRuns.Whole, RecordedRuns.Whole[0], RecordedRuns.Staleness(applied: 1, rejected: 0)]);

        Assert.Equal((14, 9, 6.0, 2.0), (run.Fate("applied"), run.Counts[1].Lag.Count, run.Counts[2].Movement, run.Counts[2].Time.Compute));
    }

    [Fact]
    public void A_run_with_everything_lacks_only_its_end() => Assert.Equal(
        ["No summary: the run is in training, or was ended from outside. Figures show what is recorded so far."], Read(RecordedRuns.Whole).Missing);

    [Fact]
    public void A_run_of_an_earlier_version_says_what_it_has_not()
    {
        ReportRun run = Read(RecordedRuns.Old);

        Assert.Equal(["No summary", "No lead", "No cosine", "No throughput"], run.Missing.Select(sentence => sentence[..sentence.IndexOfAny([':', ',', ' '], 3)].TrimEnd(':', ',')));
    }

    [Fact]
    public void A_run_that_has_not_begun_is_read_and_says_so() => Assert.Equal(["Nothing is recorded: the run has not begun to train."], Read([]).Missing);

    [Fact]
    public void A_line_that_a_kill_has_torn_is_left_out() => Assert.Equal(2, Read([.. RecordedRuns.Begun, RecordedRuns.Whole[^1][..30]]).Losses.Count);

    [Fact]
    public void A_record_that_is_not_understood_is_counted()
    {
        string path = Make([.. RecordedRuns.Begun, """{"type":"staleness","at":"2026-01-02T03:04:09Z","blocks":7}"""]);

        Assert.Contains($"1 records of {Path.Combine(path, "metrics.jsonl")} are not understood and left out.", RunReader.Read(path, "run").Missing);
    }

    [Fact]
    public void A_folder_without_a_run_is_refused()
    {
        Directory.CreateDirectory(folder["empty"]);

        Assert.Equal($"{folder["empty"]} is no run folder: it has no run.conf", Assert.Throws<NoPropException>(() => RunReader.Read(folder["empty"], "empty")).Message);
    }

    [Fact]
    public void Runs_of_the_same_name_are_numbered() => Assert.Equal(["run", "other", "run (2)"], RunReader.Names(["a/run", "a/other/", "b/run"]));

    public void Dispose() => folder.Dispose();

    private string Make(IEnumerable<string> metrics) => RecordedRuns.Make(folder, "run", metrics);

    private ReportRun Read(IEnumerable<string> metrics) => RunReader.Read(Make(metrics), "run");
}
