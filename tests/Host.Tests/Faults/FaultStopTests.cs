using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Faults;

/// <summary><c>noprop train --faults</c> that is stopped before its end: nothing of it stays, and its run can go on.</summary>
[Collection(ProcessTests.Name)]
public sealed class FaultStopTests : IDisposable
{
    private readonly TempFolder folder = new();

    [LinuxFact]
    public async Task Ctrl_C_ends_all_nodes_and_says_how_to_go_on()
    {
        using NopropProcess struck = await StartAsync();

        struck.PressCtrlC();
        ProcessResult ended = await struck.EndAsync();

        Assert.Equal((130, ""), (ended.ExitCode, ended.Error));
        Assert.EndsWith("\nstopped, with all nodes; go on without faults with: noprop train --resume --out struck\n", ended.Output, StringComparison.Ordinal);
        Assert.Empty(Nodes());
        Assert.False(File.Exists(folder["training"]));
        await RequireResumeAsync();
    }

    [LinuxFact]
    public async Task After_a_kill_the_nodes_end_by_themselves_and_the_run_can_go_on()
    {
        using NopropProcess struck = await StartAsync();

        await struck.KillAsync();

        // They notice by the end of their standard input.
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(1));
        while (Nodes().Any())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }

        await RequireResumeAsync();
    }

    public void Dispose() => folder.Dispose();

    // Processes whose command line names this folder: the nodes' settings lie in it.
    private IEnumerable<string> Nodes() => Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _)).Select(CommandLine)
        .Where(command => command.Contains(folder.Path, StringComparison.Ordinal) && command.Contains("--allow-faults", StringComparison.Ordinal));

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private async Task<NopropProcess> StartAsync()
    {
        await File.WriteAllTextAsync(folder["faults.conf"], "faults = []");
        NopropProcess struck = NopropProcess.Start(
            folder.Path,
            "train", "--blocks", "2", "--epochs", "1000000", "--train-limit", "300", "--batch", "64", "--plain", "--out", "struck", "--faults", "faults.conf",
            "--set", "noprop.checkpoint.min-interval=0s");
        await struck.LineAsync("epoch ");
        return struck;
    }

    private async Task RequireResumeAsync()
    {
        using NopropProcess resumed = NopropProcess.Start(folder.Path, "train", "--resume", "--out", "struck", "--plain");
        await resumed.LineAsync("epoch ");
        resumed.PressCtrlC();
        Assert.Equal(130, (await resumed.EndAsync()).ExitCode);
    }
}
