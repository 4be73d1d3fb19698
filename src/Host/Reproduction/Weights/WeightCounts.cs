using NoProp.Models.Networks;

namespace NoProp.Host.Reproduction.Weights;

/// <summary>The rows of Table 5, counted on the networks themselves.</summary>
internal static class WeightCounts
{
    /// <summary>All rows that the paper has, in its order.</summary>
    public static IReadOnlyList<WeightRow> All() =>
    [
        .. Table5.Cells()
            .Where(cell => cell.PaperMillions is not null)
            .Select(cell => new WeightRow(cell.Data, cell.Method, cell.Embedding, cell.PaperMillions!.Value, cell.Weights)),
    ];
}
