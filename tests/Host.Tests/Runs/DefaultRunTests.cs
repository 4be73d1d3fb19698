using System.Text.Json;
using System.Text.Json.Nodes;
using NoProp.Actors.Hosting;
using NoProp.Models.Checkpoints;
using Xunit;
using Xunit.Abstractions;

namespace NoProp.Host.Tests.Runs;

/// <summary>What a user gets who types <c>noprop train</c> and nothing else.</summary>
[Collection(ProcessTests.Name)]
public sealed class DefaultRunTests(DefaultRun run, ITestOutputHelper output)
{
    private const double LeastAccuracy = 0.965;
    private const double LargestGrowth = 0.03;

    public static TheoryData<string> SummaryFields =>
    [
        "testAccuracy", "testAccuracyPerBlock", "epochs", "blockSteps", "blockStepsPerSecond", "balancedProgress", "wallSeconds",
        "weightsSha256", "policy", "seed", "versions",
    ];

    [Fact]
    public async Task The_digits_are_read_with_the_accuracy_that_is_promised()
    {
        Assert.InRange(Number(await SummaryAsync(), "testAccuracy"), LeastAccuracy, 1);
    }

    [Processes.LinuxFact]
    public async Task Memory_does_not_grow_once_a_run_is_warm()
    {
        IReadOnlyList<MemorySample> samples = await run.MemoryAsync();
        // Until some 1,000 block steps the runtime still compiles what is used most, the later the busier the machine is.
        double early = Median(samples, around: 1_200);
        double late = Median(samples, around: 3_000);
        output.WriteLine($"{early / (1 << 20):0.0} MiB at 1200 block steps, {late / (1 << 20):0.0} MiB at 3000");
        output.WriteLine(string.Join(", ", samples.Select(sample => $"{sample.BlockSteps}: {sample.Bytes >> 20}")));

        Assert.True(late <= early * (1 + LargestGrowth), string.Join(", ", samples.Select(sample => $"{sample.BlockSteps}: {sample.Bytes >> 10} KiB")));
    }

    [Theory]
    [MemberData(nameof(SummaryFields))]
    public async Task The_summary_has(string field)
    {
        Assert.NotNull((await SummaryAsync())[field]);
    }

    [Fact]
    public async Task The_summary_has_an_accuracy_for_each_of_the_ten_blocks()
    {
        double[] accuracies = [.. (await SummaryAsync())["testAccuracyPerBlock"]!.AsArray().Select(accuracy => accuracy!.GetValue<double>())];

        Assert.Equal(10, accuracies.Count(accuracy => accuracy is >= 0 and <= 1));
    }

    [Fact]
    public async Task The_summary_counts_every_step_of_every_block()
    {
        Assert.Equal(10 * 30 * 12, Number(await SummaryAsync(), "blockSteps"));
    }

    [Fact]
    public async Task The_summary_gives_the_hash_of_the_weights_as_64_hexadecimal_digits()
    {
        Assert.Matches("^[0-9a-f]{64}$", (await SummaryAsync())["weightsSha256"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_saved_settings_are_those_of_the_run()
    {
        string path = await run.PathAsync();
        LoadedSettings saved = SettingsLoader.Load(new SettingsFile("run.conf", File.ReadAllText(Path.Combine(path, "run.conf"))));

        LoadedSettings defaults = SettingsLoader.Load(flags: [new SettingsFlag("noprop.run.out", "run", "--out")]);
        Assert.Equal(SettingsHocon.ToHocon(defaults.Settings), SettingsHocon.ToHocon(saved.Settings));
    }

    [Fact]
    public async Task Every_line_of_the_metrics_is_a_record_with_a_type_and_a_time()
    {
        string path = await run.PathAsync();

        Assert.All(File.ReadLines(Path.Combine(path, "metrics.jsonl")), line =>
        {
            JsonNode record = JsonNode.Parse(line)!;
            Assert.NotNull(record["type"]);
            Assert.NotNull(record["at"]);
        });
    }

    [Fact]
    public async Task The_metrics_have_every_epoch_once()
    {
        string path = await run.PathAsync();

        IEnumerable<int> epochs = File.ReadLines(Path.Combine(path, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Where(record => record["type"]!.GetValue<string>() == "epoch").Select(record => record["epoch"]!.GetValue<int>());
        Assert.Equal(Enumerable.Range(1, 30), epochs);
    }

    [Fact]
    public async Task The_curves_are_a_picture()
    {
        using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(Path.Combine(await run.PathAsync(), "curves.png"));

        Assert.Equal(900, picture?.Width);
    }

    [Fact]
    public async Task TensorBoard_finds_an_event_file()
    {
        string[] files = Directory.GetFiles(Path.Combine(await run.PathAsync(), "tensorboard"), "*tfevents*", SearchOption.AllDirectories);

        Assert.True(new FileInfo(Assert.Single(files)).Length > 10_000);
    }

    [Fact]
    public async Task The_newest_checkpoint_has_ten_blocks_the_head_and_a_manifest()
    {
        string path = await run.PathAsync();
        string newest = Path.Combine(path, "checkpoints", $"{new CheckpointStore(path).Steps()[^1]:D10}");

        Assert.Equal(
            [.. Enumerable.Range(1, 10).Select(block => $"block-{block:00}.safetensors"), "head.safetensors", "manifest.json"],
            Directory.GetFiles(newest).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    private static double Number(JsonObject summary, string field) => summary[field]!.GetValue<double>();

    /// <summary>The median of the five samples that are nearest.</summary>
    private static double Median(IReadOnlyList<MemorySample> samples, int around) =>
        samples.OrderBy(sample => Math.Abs(sample.BlockSteps - around)).Take(5).Select(sample => sample.Bytes).Order().ElementAt(2);

    private async Task<JsonObject> SummaryAsync() =>
        JsonSerializer.Deserialize<JsonObject>(await File.ReadAllTextAsync(Path.Combine(await run.PathAsync(), "summary.json")))!;
}
