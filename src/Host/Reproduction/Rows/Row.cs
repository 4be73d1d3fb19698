using System.IO.Enumeration;
using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction.Paper;
using NoProp.Models;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>One row of a table, or one curve of a figure: settings that are trained once with every seed.</summary>
/// <param name="Name">What <c>--rows</c> and the folders call it: <c>dt-one-hot</c>.</param>
/// <param name="Method">Word of <c>noprop.method</c>.</param>
/// <param name="Embedding">Word of <c>noprop.embedding.kind</c>.</param>
/// <param name="Variant">What else sets it apart, in print; null for nothing.</param>
/// <param name="Paper">The paper's test accuracy, 0..1; null where it has none.</param>
/// <param name="Settings">What differs from the default settings, each <c>path=value</c>.</param>
internal sealed record Row(string Name, string Method, string Embedding, string? Variant, double? Paper, IReadOnlyList<string> Settings)
{
    /// <summary>A method with an embedding.</summary>
    /// <param name="data">Data set, as <c>noprop.data.name</c> has it.</param>
    /// <param name="paperData">How the paper's tables call it.</param>
    /// <param name="method">Method.</param>
    /// <param name="embedding">Label embedding.</param>
    /// <param name="variant">What else sets the row apart: its name, its title and its settings.</param>
    public static Row Create(
        string data, string paperData, string method, string embedding, (string Name, string Title, IReadOnlyList<string> Settings)? variant = null)
    {
        string name = $"{method}-{embedding.Replace(':', '-')}";
        return new(
            variant is { } other ? $"{name}-{other.Name}" : name,
            method,
            embedding,
            variant?.Title,
            variant is null ? PaperResults.Accuracy(paperData, method, embedding) : null,
            [
                .. Hyperparameters.Of(data, method).Settings(method),
                .. embedding == PaperEmbeddings.OneHot ? (IEnumerable<string>)[] : [$"noprop.embedding.kind={embedding}"],
                .. variant?.Settings ?? [],
            ]);
    }

    /// <summary>The rows that a pattern names.</summary>
    /// <param name="rows">All of them.</param>
    /// <param name="pattern">Names with <c>*</c> for any text, several with commas; null for all.</param>
    /// <exception cref="SettingsException">A part of the pattern names no row.</exception>
    public static IReadOnlyList<Row> Select(IReadOnlyList<Row> rows, string? pattern)
    {
        string[] parts = pattern?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? ["*"];
        bool Matches(string part, Row row) => FileSystemName.MatchesSimpleExpression(part, row.Name);
        string? wrong = parts.Length == 0 ? pattern : parts.FirstOrDefault(part => !rows.Any(row => Matches(part, row)));
        if (wrong is null)
        {
            return [.. rows.Where(row => parts.Any(part => Matches(part, row)))];
        }

        string[] names = [.. rows.Select(row => row.Name)];
        string hint = Nearest.Of(wrong, names) is { } near ? $"did you mean '{near}'?" : $"there are {string.Join(", ", names)}; * stands for any text";
        throw new SettingsException($"--rows {pattern}: no row is named '{wrong}': {hint}");
    }
}
