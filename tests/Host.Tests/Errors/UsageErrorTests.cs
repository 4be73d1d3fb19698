using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Errors;

/// <summary>A command line that makes no sense: exit code 2, one line that says what is wrong, and nothing is left behind.</summary>
[Collection(ProcessTests.Name)]
public sealed class UsageErrorTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("noprop.blocks = 0 (--blocks): must be auto or a whole number from 1 to 1000", "train", "--blocks", "0")]
    [InlineData("noprop.batch = -1 (--batch): must be a whole number from 1", "train", "--batch", "-1")]
    [InlineData("noprop.devices = gpu (--devices): must be one or more of cpu and cuda", "train", "--devices", "gpu")]
    [InlineData("noprop.devices: cuda:99: ", "train", "--devices", "cuda:99")]
    [InlineData("noprop.devices: cuda:99: ", "node", "--role", "worker", "--join", "127.0.0.1:9", "--devices", "cpu,cuda:99")]
    [InlineData("noprop.slots = 3 (--slots): must be a multiple of 2 devices", "train", "--devices", "cpu:0,cpu:1", "--slots", "3")]
    [InlineData("--devices says what a machine has: give it to `noprop node` there", "train", "--join", "127.0.0.1:9", "--devices", "cpu:1")]
    [InlineData("--slots-per-device says what a machine has", "train", "--join", "127.0.0.1:9", "--set", "noprop.slots-per-device=2")]
    [InlineData("noprop.learning-rate", "train", "--set", "noprop.learning-rate=1")]
    [InlineData("noprop.optimizer.learning-rate = fast (--learning-rate): must be a number", "train", "--learning-rate", "fast")]
    [InlineData("the lead bound must be a whole number of steps from 1", "train", "--policy", "bounded:0")]
    [InlineData("unknown policy 'lokstep': did you mean 'lockstep'?", "train", "--policy", "lokstep")]
    [InlineData("unknown setting 'noprop.polcy' (--set): did you mean 'noprop.policy'?", "train", "--set", "noprop.polcy=x")]
    [InlineData("--set x: must be path=value", "train", "--set", "x")]
    [InlineData("unknown option '--bloks': did you mean '--blocks'?", "train", "--bloks", "3")]
    [InlineData("unknown option '--frobnicate'; see noprop train --help", "train", "--frobnicate")]
    [InlineData("unknown argument 'extra'", "train", "extra")]
    [InlineData("'--blocks'", "train", "--blocks")]
    [InlineData("unknown command 'trian': did you mean 'train'?", "trian")]
    [InlineData("name a command: train, evaluate, predict, serve, watch, data, doctor")]
    [InlineData("'run'", "evaluate")]
    [InlineData("name a run folder, or with --join HOST:PORT a node of a cluster", "watch")]
    [InlineData("name a run folder or a cluster, not both", "watch", "run", "--join", "127.0.0.1:9")]
    [InlineData("name a run folder or a cluster, not both", "serve", "run", "--join", "127.0.0.1:9")]
    [InlineData("'images'", "predict", "run")]
    [InlineData("--seed -1: must be a whole number", "evaluate", "run", "--seed", "-1")]
    [InlineData("--samples many: must be a whole number", "evaluate", "run", "--samples", "many")]
    public async Task Is_refused_with_one_line_that_says(string words, params string[] arguments)
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, arguments);

        Assert.Contains(words, result.SingleError(exitCode: 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaves_no_run_folder_behind()
    {
        (await NopropProcess.RunAsync(folder.Path, "train", "--blocks", "0", "--out", "run")).SingleError(exitCode: 2);

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_settings_file_with_a_fault_is_named_with_its_line()
    {
        File.WriteAllText(folder["my.conf"], "noprop {\n  blocks = [\n");

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "train", "--config", "my.conf");

        Assert.Contains("my.conf, line 2: '[' is never closed", result.SingleError(exitCode: 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_settings_file_that_is_missing_is_named()
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "train", "--config", "my.conf");

        Assert.Contains("my.conf", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
