using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary>Runs that wait for their turn on a cluster of one trainer, which trains none without workers.</summary>
[Collection(ProcessTests.Name)]
public sealed class ClusterQueueTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly NodeProcesses nodes = new();

    [LinuxFact]
    public async Task Ctrl_C_takes_a_run_that_waits_out_of_the_queue()
    {
        (_, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer");
        using NopropProcess first = Train(address, "first");
        await first.LineAsync("first trains on the cluster");
        using NopropProcess second = Train(address, "second");
        await second.LineAsync("second waits for its turn, number 1 in the queue: it is behind first; Ctrl-C takes it out");

        ProcessResult same = await Train(address, "second").EndAsync();
        second.PressCtrlC();
        ProcessResult ended = await second.EndAsync();

        Assert.Contains("second waits in the queue already", same.SingleError(exitCode: 1), StringComparison.Ordinal);
        Assert.Equal((130, true), (ended.ExitCode, ended.Output.EndsWith("second is taken out of the queue\n", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFiles(folder["runs/training.queue"]));
    }

    [LinuxFact]
    public async Task A_run_that_waits_outlives_its_client_and_its_trainer()
    {
        (NopropProcess trainer, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer");
        using NopropProcess first = Train(address, "first");
        await first.LineAsync("first trains on the cluster");
        using NopropProcess second = Train(address, "second");
        await second.LineAsync("second waits for its turn");
        await second.KillAsync();
        await trainer.KillAsync();

        (_, string again) = await nodes.StartAsync(folder.Path, "--role", "trainer");
        ProcessResult stopped = await NopropProcess.RunAsync(folder.Path, "stop", "--join", again);
        ProcessResult status = await NopropProcess.RunAsync(folder.Path, "status", "--join", again);

        Assert.StartsWith("first: stopped after 0 block steps", stopped.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("\nsecond in runs/second, ", status.Succeeded().Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }

    private NopropProcess Train(string address, string name) => NopropProcess.Start(
        folder.Path, "train", "--join", address, "--out", name, "--blocks", "2", "--epochs", "1000000", "--train-limit", "300", "--plain");
}
