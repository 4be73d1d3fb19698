using System.Globalization;
using System.Text;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Reports;

namespace NoProp.Host.Reproduction.Memory;

/// <summary>A method with its memory.</summary>
/// <param name="Method">Word of <c>noprop.method</c>.</param>
/// <param name="Settings">Settings that were measured.</param>
/// <param name="PaperGigabytes">The paper's figure, in GB; null where it has none.</param>
/// <param name="Measurement">What was measured; null where it failed.</param>
/// <param name="Reason">Why it failed; null where it did not.</param>
internal sealed record MemoryRow(string Method, IReadOnlyList<string> Settings, double? PaperGigabytes, MemoryMeasurement? Measurement, string? Reason);

/// <summary><c>report.json</c> of Table 3.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Data">Data set.</param>
/// <param name="Network">Layout of the block network.</param>
/// <param name="Command">What makes it again.</param>
/// <param name="Machine">Where.</param>
/// <param name="Versions">Versions of the software.</param>
/// <param name="Rows">The methods.</param>
internal sealed record MemoryReport(
    string Title, string Data, string Network, string Command, string Machine, IReadOnlyDictionary<string, string> Versions, IReadOnlyList<MemoryRow> Rows)
{
    private const double Megabyte = 1 << 20;

    /// <summary>What the numbers are.</summary>
    public static string Definition { get; } =
        $"Every method trains in a fresh process on one block at a time: batch {Hyperparameters.Batch}, one-hot embedding, at least {MemoryMeasurement.LeastSteps} "
        + "training steps of all blocks together, no tests. What is counted is the peak resident set of the process during these steps (VmHWM of "
        + "/proc/self/status) minus its resident set just before the method's networks and its first mini-batch are made, when the runtime, the actor "
        + "system and the data set are loaded and a training of two steps has been made. It holds weights, gradients, moments, activations, mini-batches "
        + "and the blocks' snapshots in the memory of the processor. The paper's figures are those of a GPU, so compare the ratios.";

    /// <summary><c>report.md</c>.</summary>
    public string ToMarkdown()
    {
        MemoryRow? reference = Rows.FirstOrDefault(row => row.Method == PaperMethods.Backprop);
        double? Ratio(double? value, double? of) => value / of;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# {Title}\n\nData: {Data}. Network: {Network}. {Definition}\n\n");
        text.Append(Markdown.Table(
            ["method", "before, MB", "peak, MB", "training, MB", "ratio to backprop", "paper, GB", "paper's ratio", "steps", "blocks"],
            [
                .. Rows.Select(row => (IReadOnlyList<string>)
                [
                    PaperMethods.Title(row.Method),
                    Markdown.Number(row.Measurement?.Use.Baseline / Megabyte, "0.0"),
                    Markdown.Number(row.Measurement?.Use.Peak / Megabyte, "0.0"),
                    row.Reason is { } reason ? Markdown.Cell($"failed: {reason}") : Markdown.Number(row.Measurement?.Use.Added / Megabyte, "0.0"),
                    Markdown.Number(Ratio(row.Measurement?.Use.Added, reference?.Measurement?.Use.Added), "0.00"),
                    Markdown.Number(row.PaperGigabytes, "0.00"),
                    Markdown.Number(Ratio(row.PaperGigabytes, reference?.PaperGigabytes), "0.00"),
                    Markdown.Number(row.Measurement?.Steps, "0"),
                    Markdown.Number(row.Measurement?.Blocks, "0"),
                ]),
            ]));
        text.Append(CultureInfo.InvariantCulture, $"\nMade with `{Command}` on {Machine}; {string.Join(", ", Versions.Select(version => $"{version.Key} {version.Value}"))}.\n");
        return text.ToString();
    }
}
