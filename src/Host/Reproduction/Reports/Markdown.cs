using System.Globalization;

namespace NoProp.Host.Reproduction.Reports;

/// <summary>Pieces of Markdown.</summary>
internal static class Markdown
{
    /// <summary>What stands where nothing was measured, or where the paper has nothing.</summary>
    public const string None = "-";

    /// <summary>A table whose columns are filled up, so that it reads as plain text too.</summary>
    public static string Table(IReadOnlyList<string> heads, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        int[] widths = [.. heads.Select((head, column) => rows.Select(row => row[column].Length).Append(head.Length).Append(3).Max())];
        string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";
        string Cells(IReadOnlyList<string> cells) => Line(cells.Select((cell, column) => cell.PadRight(widths[column])));
        return Cells(heads) + Line(widths.Select(width => new string('-', width))) + string.Concat(rows.Select(Cells));
    }

    /// <summary>0.9731 as <c>97.31 %</c>.</summary>
    public static string Percent(double? share) => share is null ? None : $"{Number(100 * share, "0.00")} %";

    /// <summary>A number, or <see cref="None"/>.</summary>
    public static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? None;

    /// <summary>A text without what would break its cell.</summary>
    public static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
