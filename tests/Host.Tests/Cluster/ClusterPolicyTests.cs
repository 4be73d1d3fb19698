using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Cluster;

/// <summary><c>noprop policy --join</c> where nothing is in training, or another run; what it does otherwise is in docs/cluster.md.</summary>
[Collection(ProcessTests.Name)]
public sealed class ClusterPolicyTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly NodeProcesses nodes = new();

    [Theory]
    [InlineData("show")]
    [InlineData("set", "--policy", "lockstep")]
    public async Task Without_a_run_one_line_says_so(params string[] arguments)
    {
        (_, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer");

        ProcessResult answer = await NopropProcess.RunAsync(folder.Path, ["policy", .. arguments, "--join", address]);

        Assert.Equal("error: no run is in training", answer.SingleError(exitCode: 1));
    }

    [Fact]
    public async Task A_run_that_is_not_the_one_in_training_and_a_bad_policy_are_refused()
    {
        (_, string address) = await nodes.StartAsync(folder.Path, "--role", "trainer");
        using NopropProcess training = NopropProcess.Start(
            folder.Path, "train", "--join", address, "--out", "first", "--blocks", "2", "--epochs", "1000000", "--train-limit", "300", "--plain");
        await training.LineAsync("first trains on the cluster");

        ProcessResult other = await NopropProcess.RunAsync(folder.Path, "policy", "show", "second", "--join", address);
        ProcessResult bad = await NopropProcess.RunAsync(folder.Path, "policy", "set", "first", "--join", address, "--policy", "lokstep");

        Assert.Equal("error: second is not in training: first is", other.SingleError(exitCode: 1));
        Assert.Contains("first refuses: ", bad.SingleError(exitCode: 1), StringComparison.Ordinal);
        Assert.Contains("did you mean 'lockstep'?", bad.SingleError(exitCode: 1), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }
}
