using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Replaying;

/// <summary><c>noprop verify</c> compares two runs, and ends with 1 where they differ.</summary>
[Collection(ProcessTests.Name)]
public sealed class VerifyTests(LearnedRun run) : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_run_is_the_same_as_itself()
    {
        string path = await run.PathAsync();

        Assert.DoesNotContain("differs", (await VerifyAsync(path, path, exitCode: 0)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_training_differs_from_the_first_record_that_is_another()
    {
        string output = (await VerifyAsync(await run.PathAsync(), Path.Combine(await run.ForkedAsync(), LearnedRun.Arms[0]), exitCode: 1)).Output;

        Assert.Matches(@"order of shared updates +differs +first difference at record \d+: ", output);
    }

    [Fact]
    public async Task A_damaged_log_is_named_with_its_record()
    {
        string path = await run.PathAsync();
        (int record, long offset) = LearnedRun.Damage(folder.Copy(path, "copy"));

        string output = (await VerifyAsync(path, "copy", exitCode: 1)).Output;

        Assert.Matches($@"copy/replay\.log +differs +damaged: record {record} \(byte {offset}\): ", output);
    }

    [Fact]
    public async Task A_folder_that_is_no_run_is_refused() => Assert.Contains(
        $"{folder.Path} is no run folder",
        (await NopropProcess.RunAsync(folder.Path, "verify", await run.PathAsync(), folder.Path)).SingleError(exitCode: 1),
        StringComparison.Ordinal);

    public void Dispose() => folder.Dispose();

    private async Task<ProcessResult> VerifyAsync(string a, string b, int exitCode)
    {
        ProcessResult result = await NopropProcess.RunAsync(folder.Path, "verify", a, b);
        Assert.True(result.ExitCode == exitCode, $"exit code {exitCode} is due: {result}");
        return result;
    }
}
