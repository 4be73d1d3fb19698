using System.Text.Json;
using System.Text.Json.Serialization;
using NoProp.Host.Reproduction.Rows;

namespace NoProp.Host.Reproduction.Reports;

/// <summary>A row with what its trainings gave.</summary>
/// <param name="Name">The row.</param>
/// <param name="Method">Word of <c>noprop.method</c>.</param>
/// <param name="Embedding">Label embedding.</param>
/// <param name="Variant">What else sets it apart.</param>
/// <param name="Settings">What differs from the default settings, but for the seed and the folder.</param>
/// <param name="PaperAccuracy">The paper's test accuracy, 0..1.</param>
/// <param name="Runs">One for each seed; fewer while the experiment is under way.</param>
internal sealed record ReportRow(
    string Name, string Method, string Embedding, string? Variant, IReadOnlyList<string> Settings, double? PaperAccuracy, IReadOnlyList<RowRun> Runs)
{
    private IEnumerable<double> Accuracies => Runs.Where(run => run.Outcome == RowOutcome.Finished).Select(run => run.Accuracy).OfType<double>();

    /// <summary>Mean test accuracy of the finished runs, 0..1; null where there is none.</summary>
    public double? MeanAccuracy => Accuracies.Any() ? Accuracies.Average() : null;

    /// <summary>Standard deviation of the same over the seeds, with n - 1; null for fewer than two.</summary>
    public double? StandardDeviation
    {
        get
        {
            double[] values = [.. Accuracies];
            return values.Length < 2 ? null : Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / (values.Length - 1));
        }
    }

    /// <summary>Median lag of each finished run's gradients, mean over the seeds.</summary>
    public double? MedianLag => Runs.Where(run => run.Outcome == RowOutcome.Finished).Select(run => (double?)run.Lag?.Median).Average();

    /// <summary>Largest lag of any gradient of the finished runs.</summary>
    public long? LargestLag => Runs.Where(run => run.Outcome == RowOutcome.Finished).Max(run => run.Lag?.Max);

    /// <summary>Mean wall time of the finished runs, in seconds; null where there is none.</summary>
    public double? MeanSeconds => Runs.Where(run => run.Outcome == RowOutcome.Finished).Select(run => (double?)run.Seconds).Average();
}

/// <summary>On what a table or figure was made.</summary>
/// <param name="Data">Data set.</param>
/// <param name="TrainImages">Training images that it has.</param>
/// <param name="TestImages">Test images, all of which are used.</param>
/// <param name="Shape">Size of an image.</param>
/// <param name="Network">Layout of the block network.</param>
/// <param name="Scale">How much training there was, in a sentence.</param>
/// <param name="Seeds">Number of seeds, from 0.</param>
/// <param name="Command">What makes it again.</param>
/// <param name="Machine">Where.</param>
/// <param name="Versions">Versions of the software.</param>
internal sealed record ReportContext(
    string Data,
    int TrainImages,
    int TestImages,
    string Shape,
    string Network,
    string Scale,
    int Seeds,
    string Command,
    string Machine,
    IReadOnlyDictionary<string, string> Versions)
{
    /// <summary>Whether it is staleness that the rows differ in, and not what the paper has.</summary>
    public bool ShowsLag { get; init; }
}

/// <summary><c>report.json</c> of a table or figure of accuracies.</summary>
/// <param name="What">Its verb.</param>
/// <param name="Title">Heading.</param>
/// <param name="CurveAxis">What its curves are drawn over; null for a table.</param>
/// <param name="Context">On what it was made.</param>
/// <param name="Rows">The rows.</param>
internal sealed record AccuracyReport(string What, string Title, CurveAxis? CurveAxis, ReportContext Context, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>The same with one more run.</summary>
    public AccuracyReport With(string row, RowRun run) => this with
    {
        Rows = [.. Rows.Select(known => known.Name == row ? known with { Runs = [.. known.Runs, run] } : known)],
    };
}

/// <summary>How reports are written as JSON.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The text of <c>report.json</c>.</summary>
    public static string Write<T>(T report) => JsonSerializer.Serialize(report, Options) + "\n";

    /// <summary>A report that was written.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("empty report");
}
