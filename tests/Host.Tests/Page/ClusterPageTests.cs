using NoProp.Host.Tests.Cluster;
using NoProp.Host.Tests.Processes;

namespace NoProp.Host.Tests.Page;

/// <summary>The page of a run that a cluster trains, in a browser, while a process of the cluster dies.</summary>
public sealed class ClusterPageTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly NodeProcesses nodes = new();

    [ChromiumFact]
    public async Task A_worker_that_is_killed_is_reported_and_its_blocks_are_seen_to_recover()
    {
        (_, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer");
        (NopropProcess ada, _) = await nodes.StartAsync(folder.Path, "--role", "worker", "--name", "ada", "--slots", "1", "--join", address);
        await nodes.StartAsync(folder.Path, "--role", "worker", "--name", "grace", "--slots", "1", "--join", address);
        using NopropProcess train = NopropProcess.Start(folder.Path, "train", "--join", address, "--blocks", "4", "--epochs", "100000", "--policy", "lockstep", "--plain");
        await train.LineAsync("epoch 1/");
        using NopropProcess serve = NopropProcess.Start(folder.Path, "serve", "--join", address, "--listen", "127.0.0.1:0");
        Uri page = new(await serve.LineAsync("http://"));
        await using Browser browser = await Browser.StartAsync();
        Tab tab = await browser.OpenAsync(page);
        await tab.ShowAsync("Training");
        await tab.UntilAsync(Rows("training", "ada"));

        await ada.KillAsync();

        await tab.UntilAsync(Event("Lease of ada on block"));
        await tab.UntilAsync(Event("is trained again by grace"));
        await tab.UntilAsync("() => [...document.querySelectorAll('#blocks tr')].every((row) => row.textContent.includes('grace') && row.querySelector('.state').textContent === 'training')");
        await tab.ScreenshotAsync("recovered-light");
        tab.IsClean();
    }

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }

    private static string Rows(string state, string worker) =>
        $"() => document.querySelectorAll('#blocks tr').length === 4 && [...document.querySelectorAll('#blocks tr')].some((row) => row.textContent.includes('{worker}') && row.querySelector('.state').textContent === '{state}')";

    private static string Event(string text) => $"() => document.getElementById('events').textContent.includes('{text}')";
}
