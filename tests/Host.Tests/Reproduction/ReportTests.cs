using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>Reports of accuracies.</summary>
public sealed class ReportTests
{
    private static readonly AccuracyReport Empty = new(
        "table1",
        "Table 1: test accuracy",
        null,
        new("mnist", 60_000, 10_000, "1x28x28", "paper", "All epochs.", Seeds: 2, "noprop reproduce table1", "a machine", new Dictionary<string, string> { ["noprop"] = "0.1.0" }),
        [new("dt-one-hot", "dt", "one-hot", null, ["noprop.blocks=10"], 0.9947, []), new("ct-one-hot", "ct", "one-hot", null, [], 0.9784, [])]);

    [Fact]
    public void The_mean_is_over_the_seeds() => Assert.Equal(0.75, TwoSeeds().Rows[0].MeanAccuracy);

    [Fact]
    public void The_deviation_is_that_of_a_sample() => Assert.Equal(0.25 * Math.Sqrt(2), TwoSeeds().Rows[0].StandardDeviation!.Value, precision: 12);

    [Fact]
    public void One_seed_has_no_deviation() => Assert.Null(Empty.With("dt-one-hot", Run(0, 0.5)).Rows[0].StandardDeviation);

    [Fact]
    public void A_failed_run_does_not_count() =>
        Assert.Equal(0.5, Empty.With("dt-one-hot", Run(0, 0.5)).With("dt-one-hot", RowRun.Failure(1, "f", "boom", 10)).Rows[0].MeanAccuracy);

    [Fact]
    public void A_row_shows_ours_beside_the_papers()
    {
        string line = Line(TwoSeeds(), "dt-one-hot");

        Assert.Equal("dt-one-hot|NoProp-DT|one-hot|75.00 %|35.36 %|99.47 %|600 x 3|2.5|finished", line);
    }

    [Fact]
    public void A_row_that_has_not_been_run_says_so() => Assert.EndsWith("|-|-|97.84 %|-|-|not run yet", Line(TwoSeeds(), "ct-one-hot"), StringComparison.Ordinal);

    [Fact]
    public void A_failure_is_told_without_breaking_the_table() =>
        Assert.EndsWith("failed with seed 0: a \\|b c", AccuracyMarkdown.Write(Empty.With("dt-one-hot", RowRun.Failure(0, "f", "a |b\nc", 10)), null).Split('\n').First(line => line.StartsWith("| dt-one-hot", StringComparison.Ordinal)).TrimEnd(' ', '|'), StringComparison.Ordinal);

    [Fact]
    public void The_report_says_how_much_training_there_was() => Assert.Contains("\nAll epochs.\n", AccuracyMarkdown.Write(Empty, null), StringComparison.Ordinal);

    [Fact]
    public void A_figure_lists_first_and_last_point_of_a_long_curve()
    {
        RowRun run = Run(0, 0.5) with { Curve = [.. Enumerable.Range(1, 95).Select(epoch => new CurvePoint(epoch, epoch / 2.0, 0.5))] };
        string[] lines = [.. AccuracyMarkdown.Write(Empty.With("dt-one-hot", run), "figure4.png").Split('\n').Where(line => line.StartsWith("| dt-one-hot | 0 ", StringComparison.Ordinal))];

        Assert.Equal((10, true, true), (lines.Length, lines[0].Contains("| 1 ", StringComparison.Ordinal), lines[^1].Contains("| 95 ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_report_that_is_written_and_read_is_the_same()
    {
        string json = ReportJson.Write(TwoSeeds());

        Assert.Equal(json, ReportJson.Write(ReportJson.Read<AccuracyReport>(json)));
    }

    [Fact]
    public void A_figure_with_a_curve_is_a_picture() =>
        Assert.Equal("\u0089PNG"u8[2..].ToArray(), CurveFigure.Draw(TwoSeeds() with { CurveAxis = CurveAxis.Seconds })![1..4]);

    [Fact]
    public void A_figure_without_a_curve_is_none() => Assert.Null(CurveFigure.Draw(Empty with { CurveAxis = CurveAxis.Epochs }));

    private static AccuracyReport TwoSeeds() => Empty.With("dt-one-hot", Run(0, 0.5)).With("dt-one-hot", Run(1, 1));

    private static RowRun Run(ulong seed, double accuracy) =>
        new(seed, $"dt-one-hot-seed{seed}", RowOutcome.Finished, null, accuracy, Seconds: 2 + seed, Epochs: 3, Images: 600, "ab", [new(3, 2, accuracy)]);

    private static string Line(AccuracyReport report, string row) => string.Join('|', AccuracyMarkdown.Write(report, null)
        .Split('\n').First(line => line.StartsWith($"| {row} ", StringComparison.Ordinal)).Trim('|').Split('|').Select(cell => cell.Trim()));
}
