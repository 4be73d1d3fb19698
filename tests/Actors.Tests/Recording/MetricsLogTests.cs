using System.Text.Json.Nodes;
using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

public sealed class MetricsLogTests : IDisposable
{
    private readonly TempFolder temp = new();

    private string LogPath => temp.File("metrics.jsonl");

    [Fact]
    public void A_record_has_its_type_its_time_and_its_values()
    {
        Write(1);

        JsonObject record = Assert.Single(MetricsLog.Read(LogPath));

        Assert.Equal(("test", 1), ((string?)record["type"], (int?)record["number"]));
        Assert.InRange((DateTime)record["at"]!, DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow);
    }

    [Fact]
    public void A_number_that_is_not_finite_is_still_valid_json()
    {
        using (MetricsLog log = new(LogPath))
        {
            log.Append("test", new { loss = double.NaN });
        }

        Assert.Equal("NaN", (string?)Assert.Single(MetricsLog.Read(LogPath))["loss"]);
    }

    [Fact]
    public void A_log_that_is_opened_again_goes_on_at_its_end()
    {
        Write(1);
        Write(2);

        Assert.Equal([1, 2], Numbers());
    }

    [Fact]
    public void A_line_that_was_torn_off_is_left_out()
    {
        Write(1, 2);
        File.WriteAllText(LogPath, File.ReadAllText(LogPath)[..^5]);

        Assert.Equal([1], Numbers());
    }

    [Fact]
    public void A_log_can_be_read_while_it_is_written()
    {
        using MetricsLog log = new(LogPath);
        log.Append("test", new { number = 1 });

        log.Flush();

        Assert.Equal([1], Numbers());
    }

    [Fact]
    public void Rewinding_drops_what_a_resumed_run_will_write_again()
    {
        Write(1, 2, 3);

        MetricsLog.Rewind(LogPath, record => (int)record["number"]! < 3);

        Assert.Equal([1, 2], Numbers());
    }

    [Fact]
    public void Rewinding_mends_a_torn_line_so_that_the_next_record_is_whole()
    {
        Write(1, 2);
        File.WriteAllText(LogPath, File.ReadAllText(LogPath)[..^5]);

        MetricsLog.Rewind(LogPath, _ => true);
        Write(3);

        Assert.Equal([1, 3], Numbers());
    }

    [Fact]
    public void Rewinding_keeps_a_record_as_it_was()
    {
        Write(1);
        string before = File.ReadAllText(LogPath);

        MetricsLog.Rewind(LogPath, _ => true);

        Assert.Equal(before, File.ReadAllText(LogPath));
    }

    [Fact]
    public void Rewinding_a_log_that_is_not_there_makes_none()
    {
        MetricsLog.Rewind(LogPath, _ => true);

        Assert.False(File.Exists(LogPath));
    }

    [Fact]
    public void A_log_that_cannot_be_made_is_named_in_one_line()
    {
        string path = Path.Combine(temp.File("missing"), "metrics.jsonl");

        string error = Assert.Throws<NoPropException>(() => new MetricsLog(path)).Message;

        Assert.StartsWith($"{path} cannot be written: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    public void Dispose() => temp.Dispose();

    private void Write(params int[] numbers)
    {
        using MetricsLog log = new(LogPath);
        foreach (int number in numbers)
        {
            log.Append("test", new { number });
        }
    }

    private IEnumerable<int> Numbers() => MetricsLog.Read(LogPath).Select(record => (int)record["number"]!);
}
