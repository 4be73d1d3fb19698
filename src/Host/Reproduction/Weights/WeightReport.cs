using System.Globalization;
using System.Text;
using NoProp.Host.Reproduction.Reports;
using NoProp.Models.Networks;

namespace NoProp.Host.Reproduction.Weights;

/// <summary><c>report.json</c> of Table 5.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Rows">The cells.</param>
/// <param name="Versions">Versions of the software.</param>
internal sealed record WeightReport(string Title, IReadOnlyList<Table5Cell> Rows, IReadOnlyDictionary<string, string> Versions)
{
    /// <summary><c>report.md</c>.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# {Title}\n\nWeights of one paper network: of one block in discrete time, of the one network in continuous time.\n\n");
        text.Append(Markdown.Table(
            ["data", "method", "embedding", "weights", "millions", "paper, millions", "difference"],
            [
                .. Rows.Select(row => (IReadOnlyList<string>)
                [
                    row.Data,
                    row.Method,
                    row.Embedding,
                    Markdown.Number(row.Weights, "N0"),
                    Markdown.Number(row.Weights / 1e6, "0.00"),
                    Markdown.Number(row.PaperMillions, "0.00"),
                    Markdown.Percent(row.Weights / 1e6 / row.PaperMillions - 1),
                ]),
            ]));
        return text.ToString();
    }
}
