using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Page;

/// <summary>A training with its page, in a folder with a run that is over, and a browser. Nothing is started where there is no browser.</summary>
public sealed class DashboardInBrowser : IAsyncLifetime, IDisposable
{
    private readonly TempFolder folder = new();
    private NopropProcess? training;

    /// <summary>The browser.</summary>
    public Browser Browser { get; private set; } = null!;

    /// <summary>Where the page is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The records of the run.</summary>
    public string Metrics => folder["runs/live/metrics.jsonl"];

    public async Task InitializeAsync()
    {
        if (!File.Exists(Browser.Chromium))
        {
            return;
        }

        (await NopropProcess.RunAsync(folder.Path, "train", "--out", "runs/short", "--blocks", "3", "--epochs", "2", "--train-limit", "300")).Succeeded();
        training = NopropProcess.Start(
            folder.Path, "train", "--out", "runs/live", "--blocks", "6", "--epochs", "100000", "--slots", "1", "--seed", "1", "--dashboard", "0",
            "--set", "noprop.checkpoint.min-interval=1s");
        Address = new Uri(await training.LineAsync("http://"));
        // What it reads as a digit depends on what it has learned by then: enough, and not on how fast this machine is.
        await training.LineAsync("epoch 20/");
        Browser = await Browser.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }
    }

    public void Dispose()
    {
        training?.Dispose();
        folder.Dispose();
    }
}
