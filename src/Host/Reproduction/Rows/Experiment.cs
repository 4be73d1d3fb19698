using NoProp.Host.Reproduction.Paper;
using static NoProp.Host.Reproduction.Paper.PaperEmbeddings;
using static NoProp.Host.Reproduction.Paper.PaperMethods;

namespace NoProp.Host.Reproduction.Rows;

/// <summary>What the curves of a figure are drawn over.</summary>
internal enum CurveAxis
{
    /// <summary>Wall time.</summary>
    Seconds,

    /// <summary>Passes over the training set.</summary>
    Epochs,
}

/// <summary>A table or figure of accuracies.</summary>
/// <param name="Name">Verb.</param>
/// <param name="Title">Heading of the report.</param>
/// <param name="Description">What help says.</param>
/// <param name="Curve">What its curves are drawn over; null for a table, which is tested at the end only.</param>
/// <param name="Rows">Its rows on a data set.</param>
internal sealed record Experiment(string Name, string Title, string Description, CurveAxis? Curve, Func<string, IReadOnlyList<Row>> Rows)
{
    /// <summary>The one that needs a folder of images.</summary>
    public const string TinyImageNetTable = "table2";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new("table1", "Table 1: test accuracy", "Test accuracy of every method with every label embedding, 13 rows", null, Table1),
        new(TinyImageNetTable, "Table 2: test accuracy on Tiny ImageNet", "The same on Tiny ImageNet, 4 rows; needs --data folder:PATH", null, Table2),
        new("figure4", "Figure 4: test accuracy over wall time", "Test accuracy over wall time, one curve for every row of table1", CurveAxis.Seconds, Table1),
        new("figure6", "Figure 6: class probabilities and embeddings", "NoProp-DT with softmax or radial class probabilities, for every label embedding", CurveAxis.Epochs, Figure6),
        new("figure7", "Figure 7: initialisation of the class embeddings", "NoProp-DT with learned class embeddings W that start orthogonal, random or as prototypes", CurveAxis.Epochs, Figure7),
    ];

    private static IReadOnlyList<Row> Table1(string data) =>
    [
        .. from method in PaperMethods.All
           from embedding in method == Adjoint ? [OneHot] : PaperEmbeddings.All
           select Row.Create(data, data, method, embedding),
    ];

    private static IReadOnlyList<Row> Table2(string data) =>
    [
        .. from method in (string[])[Backprop, DiscreteTime]
           from embedding in (string[])[OneHot, Prototype]
           select Row.Create(data, data.StartsWith("folder:", StringComparison.Ordinal) ? PaperResults.TinyImageNet : data, method, embedding),
    ];

    private static IReadOnlyList<Row> Figure6(string data) =>
    [
        .. from embedding in PaperEmbeddings.All
           from probability in (string[])["softmax", "radial"]
           // Softmax is the default, as in the other tables.
           let settings = probability == "softmax" ? (string[])[] : [$"noprop.class-probability.kind={probability}"]
           select Row.Create(data, data, DiscreteTime, embedding, (probability, probability, settings)),
    ];

    // A prototype is an image, so it can only begin embeddings of as many numbers as an image has pixels. There the other two are shown again,
    // so that curves of one size can be compared.
    private static IReadOnlyList<Row> Figure7(string data) =>
    [
        .. from start in (string[])["orthogonal", "random"] select Initialised(data, Learned, start),
        .. from start in (string[])["orthogonal", "random", "prototype"] select Initialised(data, Prototype, start),
    ];

    private static Row Initialised(string data, string embedding, string start) =>
        Row.Create(data, data, DiscreteTime, embedding, (start, $"W starts {(start == "prototype" ? "as prototypes" : start)}", [$"noprop.embedding.init={start}"])) with
        {
            Embedding = embedding == Learned ? Learned : "learned, d = pixels",
            Name = $"dt-{(embedding == Learned ? "learned-20" : "learned-pixels")}-{start}",
        };
}
