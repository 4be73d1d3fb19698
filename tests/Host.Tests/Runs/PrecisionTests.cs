using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Runs;

/// <summary>The precision of a run, where somebody asks for it.</summary>
[Collection(ProcessTests.Name)]
public sealed class PrecisionTests : IDisposable
{
    private static readonly string[] Small = ["train", "--plain", "--blocks", "1", "--epochs", "1", "--train-limit", "64", "--out", "run"];

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_CPU_that_is_asked_for_tf32_says_that_it_changes_nothing()
    {
        ProcessResult result = (await NopropProcess.RunAsync(folder.Path, [.. Small, "--precision", "tf32"])).Succeeded();

        Assert.Equal(["note: noprop.precision = tf32 changes nothing here: it is for GPUs, and on a CPU the same as float32"], result.ErrorLines);
    }

    [Fact]
    public async Task A_run_does_not_go_on_in_another_precision()
    {
        (await NopropProcess.RunAsync(folder.Path, [.. Small, "--precision", "bf16"])).Succeeded();

        ProcessResult result = await NopropProcess.RunAsync(folder.Path, [.. Small, "--resume", "--precision", "float32"]);

        Assert.Contains("noprop.precision: bf16 in the run, float32 asked for", result.SingleError(exitCode: 2), StringComparison.Ordinal);
    }
}
