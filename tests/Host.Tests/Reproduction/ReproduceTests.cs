using NoProp.Host.Reproduction.Memory;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using NoProp.Host.Reproduction.Weights;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary><c>noprop reproduce</c> as a process.</summary>
[Collection(ProcessTests.Name)]
public sealed class ReproduceTests : IDisposable
{
    private static readonly string[] Tiny = ["reproduce", "table1", "--data", "digits", "--scale", "0.02", "--rows", "dt-one-hot", "--out", "out"];
    private static readonly string[] Figure = ["reproduce", "figure4", "--data", "digits", "--scale", "0.3", "--rows", "dt-one-hot", "--out", "out"];

    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_table_is_printed_and_written()
    {
        ProcessResult result = (await RunAsync([.. Tiny, "--seeds", "2"])).Succeeded();

        Assert.Contains(File.ReadAllText(folder["out/report.md"]), result.Output, StringComparison.Ordinal);
        Assert.Equal([0UL, 1UL], Report().Rows.Single().Runs.Select(run => run.Seed));
        Assert.All(Report().Rows.Single().Runs, run => Assert.Equal((RowOutcome.Finished, 2, 128), (run.Outcome, run.Epochs, run.Images)));
    }

    [Fact]
    public async Task A_finished_row_is_not_trained_again_when_the_table_is_resumed()
    {
        (await RunAsync(Tiny)).Succeeded();
        DateTime trained = File.GetLastWriteTimeUtc(folder["out/dt-one-hot-seed0/summary.json"]);

        ProcessResult resumed = (await RunAsync([.. Tiny, "--seeds", "2", "--resume"])).Succeeded();

        Assert.Contains("1/2 dt-one-hot, seed 0: test accuracy", resumed.Output, StringComparison.Ordinal);
        Assert.Equal(trained, File.GetLastWriteTimeUtc(folder["out/dt-one-hot-seed0/summary.json"]));
        Assert.Equal(2, Report().Rows.Single().Runs.Count);
    }

    [LinuxFact]
    public async Task A_figure_that_Ctrl_C_stops_says_how_to_go_on_and_goes_on()
    {
        ProcessResult stopped;
        using (NopropProcess process = NopropProcess.Start(folder.Path, Figure))
        {
            await process.LineAsync("epoch 2/");
            process.PressCtrlC();
            stopped = await process.EndAsync();
        }

        Assert.Equal(130, stopped.ExitCode);
        Assert.Contains(
            "go on with: noprop reproduce figure4 --data digits --scale 0.3 --rows dt-one-hot --network compact --out out --resume\n", stopped.Output, StringComparison.Ordinal);

        (await RunAsync([.. Figure, "--resume"])).Succeeded();
        Assert.Equal(Enumerable.Range(1, 30), Report().Rows.Single().Runs.Single().Curve.Select(point => point.Epoch));
        Assert.True(File.Exists(folder["out/figure4.png"]));
    }

    [Fact]
    public async Task A_resumed_row_of_other_settings_is_refused()
    {
        (await RunAsync(Tiny)).Succeeded();

        ProcessResult result = await RunAsync([.. Tiny, "--scale", "0.5", "--resume"]);
        ProcessResult other = await RunAsync([.. Tiny.Select(word => word == "0.02" ? "0.5" : word), "--resume"]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("was trained with other settings (noprop.data.train-limit: 128 in the run, 750 asked for)", other.SingleError(exitCode: 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone()
    {
        folder.Write("out/mine.txt", []);

        Assert.Contains("out is not empty: go on with --resume", (await RunAsync(Tiny)).SingleError(exitCode: 1), StringComparison.Ordinal);
        Assert.Equal([folder["out/mine.txt"]], Directory.GetFileSystemEntries(folder["out"]));
    }

    [Fact]
    public async Task A_row_whose_network_does_not_fit_fails_and_the_report_says_why()
    {
        string error = (await RunAsync([.. Tiny, "--network", "paper"])).SingleError(exitCode: 1);

        Assert.Contains("1 of 1 trainings failed", error, StringComparison.Ordinal);
        Assert.Contains("14x14", Report().Rows.Single().Runs.Single().Reason, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task The_memory_of_a_method_is_measured_in_a_process_of_its_own()
    {
        (await RunAsync("reproduce", "table3", "--data", "digits", "--rows", "dt-*", "--out", "out")).Succeeded();

        MemoryMeasurement measured = ReportJson.Read<MemoryReport>(File.ReadAllText(folder["out/report.json"])).Rows.Single().Measurement!;
        Assert.InRange(measured.Use.Added, 1 << 20, 1 << 30);
        Assert.Equal(MemoryMeasurement.LeastSteps, measured.Steps);
    }

    [Fact]
    public async Task The_weights_of_the_papers_networks_are_counted()
    {
        (await RunAsync("reproduce", "table5", "--out", "out")).Succeeded();

        WeightReport report = ReportJson.Read<WeightReport>(File.ReadAllText(folder["out/report.json"]));
        Assert.Equal(919_946, report.Rows.Single(row => row is { Data: "MNIST", Method: "NoProp-DT", Embedding: "one-hot" }).Weights);
        Assert.All(report.Rows, row => Assert.InRange(row.Weights / 1e6 / row.PaperMillions!.Value, 0.97, 1.03));
    }

    [Theory]
    [InlineData("unknown command 'tabel1': did you mean 'table1'?", "tabel1")]
    [InlineData("name a command: table1, table2, table3, table5, figure4, figure6, figure7")]
    [InlineData("table2 needs the images of Tiny ImageNet: name their folder with --data folder:PATH", "table2")]
    [InlineData("--scale huge: must be small, or a number above 0 and at most 1", "table1", "--scale", "huge")]
    [InlineData("--seeds 0: must be a whole number from 1 to 1000", "table1", "--seeds", "0")]
    [InlineData("--network big: must be compact or paper", "table3", "--network", "big")]
    [InlineData("--rows xx: no row is named 'xx'", "table1", "--rows", "xx")]
    [InlineData("--resume needs the folder to go on in: name it with --out", "table1", "--resume")]
    [InlineData("unknown option '--foo'; see noprop reproduce table1 --help", "table1", "--foo")]
    public async Task A_mistake_is_refused_with_one_line_that_says(string words, params string[] arguments)
    {
        ProcessResult result = await RunAsync(["reproduce", .. arguments]);

        Assert.Contains(words, result.SingleError(exitCode: 2), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("reproduce", "table1 table2 table3 table5 figure4 figure6 figure7")]
    [InlineData("reproduce table1", "--data --data-dir --scale --seeds --rows --out --network --plain --resume")]
    [InlineData("evaluate", "--embeddings")]
    public async Task Help_names(string command, string names)
    {
        string help = (await RunAsync([.. command.Split(' '), "--help"])).Succeeded().Output;

        Assert.All(names.Split(' '), name => Assert.Contains($"  {name} ", help, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_does_not_show_the_verb_that_is_not_for_people()
    {
        Assert.DoesNotContain(MemoryProcess.Verb, (await RunAsync("reproduce", "--help")).Succeeded().Output, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private Task<ProcessResult> RunAsync(params string[] arguments) => NopropProcess.RunAsync(folder.Path, arguments);

    private AccuracyReport Report() => ReportJson.Read<AccuracyReport>(File.ReadAllText(folder["out/report.json"]));
}
