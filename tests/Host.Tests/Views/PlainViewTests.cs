using NoProp.Actors.Protocol;
using NoProp.Host.Views;
using Spectre.Console.Testing;
using Xunit;

namespace NoProp.Host.Tests.Views;

public sealed class PlainViewTests : IDisposable
{
    private readonly TestConsole console = new TestConsole().Width(200);
    private readonly TrainingProgress progress = new(ProgressSamples.Blocks);
    private readonly TaskCompletionSource<RunEnded> training = new();

    [Fact]
    public async Task An_epoch_is_a_line_with_the_status()
    {
        progress.Observe(ProgressSamples.Started);
        progress.Observe(ProgressSamples.FirstEpoch);

        Assert.StartsWith("epoch 1/2  test accuracy  87.50%      2.5 s  0/60 block steps", Assert.Single(await LinesAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_incident_is_a_line()
    {
        progress.Observe(new Restarted("block 2", "boom"));

        Assert.Equal(["note: block 2 begins again from its last state: boom"], await LinesAsync());
    }

    [Fact]
    public async Task Text_that_looks_like_markup_is_shown_as_it_is()
    {
        progress.Observe(new Restarted("block 2", "[red]boom[/"));

        Assert.Equal(["note: block 2 begins again from its last state: [red]boom[/"], await LinesAsync());
    }

    [Fact]
    public async Task Every_epoch_is_shown_once()
    {
        progress.Observe(ProgressSamples.Started);
        progress.Observe(ProgressSamples.FirstEpoch);
        progress.Observe(ProgressSamples.FirstEpoch with { Epoch = 2 });

        Assert.Equal(["epoch 1/2", "epoch 2/2"], (await LinesAsync()).Select(line => line[..9]));
    }

    [Fact]
    public async Task Nothing_is_shown_of_a_run_in_which_nothing_happened()
    {
        Assert.Empty(await LinesAsync());
    }

    public void Dispose() => console.Dispose();

    /// <summary>What a view writes that begins to follow when the training is over.</summary>
    private async Task<string[]> LinesAsync()
    {
        training.SetResult(new RunEnded(RunOutcome.Completed, null, new RunFigures([], 0, 0, 0, 0, TimeSpan.Zero, ""), []));
        await PlainView.FollowAsync(console, progress, training.Task);
        return [.. console.Lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
    }
}
