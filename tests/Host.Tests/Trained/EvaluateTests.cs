using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Trained;

/// <summary><c>noprop evaluate</c> on a trained run.</summary>
[Collection(ProcessTests.Name)]
public sealed partial class EvaluateTests(DefaultRun run)
{
    [Fact]
    public async Task The_last_of_the_accuracies_per_block_is_that_of_the_training()
    {
        string path = await run.PathAsync();

        Assert.Equal(Percent(SmallRun.Summary(path).TestAccuracy!.Value), (await PerBlockAsync(path))[^1]);
    }

    [Fact]
    public async Task Every_accuracy_per_block_is_that_of_the_training()
    {
        string path = await run.PathAsync();

        Assert.Equal(SmallRun.Summary(path).TestAccuracyPerBlock.Select(Percent), await PerBlockAsync(path));
    }

    [Fact]
    public async Task Without_flags_the_accuracy_of_the_whole_chain_is_all_that_is_on_standard_output()
    {
        string path = await run.PathAsync();

        string output = (await EvaluateAsync(path)).Output;

        Assert.Equal(
            $"test accuracy {Percent(SmallRun.Summary(path).TestAccuracy!.Value)} (297 images of digits, mean over 1 draw(s) of noise, deterministic steps)\n", output);
    }

    [Fact]
    public async Task Stochastic_steps_and_several_draws_are_named()
    {
        string output = (await EvaluateAsync(await run.PathAsync(), "--samples", "2", "--stochastic")).Output;

        Assert.Contains("mean over 2 draw(s) of noise, stochastic steps", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_earlier_checkpoint_can_be_evaluated()
    {
        string path = await run.PathAsync();
        long earlier = new Models.Checkpoints.CheckpointStore(path).Steps()[0];

        Assert.StartsWith("test accuracy ", (await EvaluateAsync(path, "--checkpoint", $"{earlier}")).Output, StringComparison.Ordinal);
    }

    private static async Task<ProcessResult> EvaluateAsync(string path, params string[] flags) =>
        (await NopropProcess.RunAsync(path, ["evaluate", path, .. flags])).Succeeded();

    private static async Task<string[]> PerBlockAsync(string path) =>
        [.. Row().Matches((await EvaluateAsync(path, "--per-block")).Output).Select(match => match.Groups[1].Value)];

    private static string Percent(double accuracy) => accuracy.ToString("0.00%", CultureInfo.InvariantCulture);

    [GeneratedRegex("""│ \d+ +│ 360 +│ ([\d.]+%) +│""")]
    private static partial Regex Row();
}
