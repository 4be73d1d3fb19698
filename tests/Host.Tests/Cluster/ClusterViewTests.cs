using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>A view whose machine slept, so that the cluster went on without it.</summary>
[Collection(ProcessTests.Name)]
public sealed class ClusterViewTests : IDisposable
{
    private const string Base = "noprop.cluster.base-time=200ms";

    private readonly TempFolder folder = new();
    private readonly NodeProcesses nodes = new();

    [LinuxFact]
    public async Task A_view_that_was_removed_from_the_cluster_comes_back()
    {
        (_, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer", "--set", Base);
        await nodes.StartAsync(folder.Path, "--role", "worker", "--slots", "1", "--join", address, "--set", Base);
        using NopropProcess view = NopropProcess.Start(
            folder.Path, "train", "--join", address, "--out", "run", "--blocks", "2", "--epochs", "1000000", "--train-limit", "300", "--batch", "64", "--plain", "--set", Base);
        await view.LineAsync("epoch ");

        view.Stop();
        await RemovedAsync(address);
        view.Continue();
        await view.LineAsync("epoch ");
        // Those that it had not yet shown may come first; what follows a new start has come by the new member.
        await NodeProcesses.MembersAsync(folder.Path, address, Base, clients: 2);
        await view.LineAsync("epoch ");

        view.PressCtrlC();
        ProcessResult ended = await view.EndAsync();
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("run goes on without it; this command joins again", ended.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }

    private Task RemovedAsync(string address) => NodeProcesses.MembersAsync(folder.Path, address, Base, clients: 1);
}
