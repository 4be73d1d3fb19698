using NoProp.Actors.Protocol;
using NoProp.Host.Views;
using Spectre.Console.Testing;
using Xunit;

namespace NoProp.Host.Tests.Views;

public sealed class LiveViewTests : IDisposable
{
    private readonly TestConsole console = new TestConsole().Width(120);

    [Theory]
    [InlineData("│ 1 ", "│    12 │ 1.2500 │ 0.5000 │    2 │     0.5 │")]
    [InlineData("│ 2 ", "│    11 │ 2.5000 │ 0.2500 │    1 │     0.5 │")]
    [InlineData("│ 3 ", "│    10 │      - │      - │    0 │     0.0 │")]
    public void Each_block_has_a_row(string beginning, string end)
    {
        Assert.EndsWith(end, Row(beginning), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("epoch 1/2  test accuracy  87.50%")]
    [InlineData("33/60 block steps, 0.5 a second, 54 s to go")]
    [InlineData("Ctrl-C stops, and --resume goes on")]
    public void Below_the_blocks_stands(string line)
    {
        Assert.StartsWith(line, Row(line), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_newest_incidents_are_shown()
    {
        string[] lines = Render(ProgressSamples.Moment(incidents: ["first", "second", "third", "fourth"]));

        Assert.Equal(["note: second", "note: third", "note: fourth"], lines.Where(line => line.StartsWith("note:", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_long_run_shows_its_newest_epochs_only()
    {
        EpochFinished[] epochs = [.. Enumerable.Range(1, 30).Select(epoch => ProgressSamples.FirstEpoch with { Epoch = epoch })];

        string[] lines = Render(ProgressSamples.Moment() with { Epochs = epochs });

        Assert.Equal(["epoch 25/", "epoch 26/", "epoch 27/", "epoch 28/", "epoch 29/", "epoch 30/"],
            lines.Where(line => line.StartsWith("epoch", StringComparison.Ordinal)).Select(line => line[..9]));
    }

    [Fact]
    public void A_run_that_is_asked_to_stop_says_what_it_waits_for()
    {
        Assert.Contains("stopping after the steps in progress; Ctrl-C again to end at once", Render(ProgressSamples.Moment(), stopping: true));
    }

    [Fact]
    public void Before_the_start_it_says_so()
    {
        Assert.Contains("starting", Render(new TrainingProgress(ProgressSamples.Blocks).Read()));
    }

    [Fact]
    public async Task The_table_is_redrawn_until_the_training_is_over()
    {
        TrainingProgress progress = new(ProgressSamples.Blocks);
        progress.Observe(ProgressSamples.Started);
        RunEnded ended = new(RunOutcome.Completed, null, new RunFigures([], 0, 0, 0, 0, TimeSpan.Zero, ""), []);

        await LiveView.FollowAsync(console, progress, Task.FromResult(ended), CancellationToken.None);

        Assert.Contains("0/60 block steps", console.Output, StringComparison.Ordinal);
    }

    public void Dispose() => console.Dispose();

    private string Row(string beginning) => Assert.Single(Render(ProgressSamples.Moment()), line => line.StartsWith(beginning, StringComparison.Ordinal));

    private string[] Render(ProgressSnapshot now, bool stopping = false)
    {
        console.Write(LiveView.Render(now, stopping));
        return [.. console.Lines.Select(line => line.TrimEnd())];
    }
}
