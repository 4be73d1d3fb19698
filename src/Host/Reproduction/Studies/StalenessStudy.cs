using System.Globalization;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Rows;
using NoProp.Models.Data;

namespace NoProp.Host.Reproduction.Studies;

/// <summary>
/// What bounds on the lag of the label embedding do to accuracy. Ten blocks train at once, each with one version of W for as long as the
/// bound allows; so the lag of the gradients comes close to it.
/// </summary>
internal static class StalenessStudy
{
    /// <summary>Verb.</summary>
    public const string Name = "staleness";

    // Longer than any run here: only the bound makes a block ask for a newer version.
    private const int Unlimited = 1_000_000;

    private static readonly long?[] Bounds = [0, 10, 100, 1000, null];

    /// <summary>A row for each learned embedding and each bound.</summary>
    public static Experiment Experiment { get; } = new(
        Name,
        "Accuracy under stale label embeddings",
        "Test accuracy with lag bounds of 0, 10, 100, 1,000 and none, for learned and prototype embeddings",
        null,
        data =>
        [
            .. from embedding in (string[])[PaperEmbeddings.Learned, PaperEmbeddings.Prototype]
               from bound in Bounds
               select Row.Create(data, data, PaperMethods.DiscreteTime, embedding, Variant(data, bound)),
        ]);

    /// <summary>Training of a row: all of the digits, or a part of a larger set.</summary>
    /// <param name="data">Data set.</param>
    /// <param name="epochs">Passes over the images; null for the usual number.</param>
    /// <param name="images">Training images; null for the usual number.</param>
    public static Budget Budget(string data, int? epochs, int? images) => data == Digits.Name
        ? new(epochs ?? 30, images ?? 1_500, [])
        : new(epochs ?? 3, images ?? 6_400, []);

    private static (string Name, string Title, IReadOnlyList<string> Settings) Variant(string data, long? bound)
    {
        string count = bound?.ToString(CultureInfo.InvariantCulture) ?? "none";
        return (
            $"lag-{count}",
            bound is null ? "no lag bound" : $"lag at most {count}",
            [
                "noprop.policy.blocks=async",
                $"noprop.policy.visit={Unlimited}",
                $"noprop.policy.refresh={Unlimited}",
                $"noprop.policy.embedding-lag={(bound is null ? "none" : $"wait:{count}")}",
                "noprop.slots=10",
                // What counts is many updates, and not what each of them costs.
                .. data == Digits.Name ? (IEnumerable<string>)[] : ["noprop.network.channels=[8, 16]", "noprop.batch=32"],
            ]);
    }
}
