using NoProp.Models.Data;

namespace NoProp.Models.Networks;

/// <summary>A cell of the paper's Table 5, beside what is built here.</summary>
/// <param name="Data">Data set.</param>
/// <param name="Method">NoProp-DT or NoProp-CT; NoProp-FM and the adjoint baseline have the network of NoProp-CT.</param>
/// <param name="Embedding">Label embedding.</param>
/// <param name="PaperMillions">Millions of weights in the paper, to two decimals; null where the paper has no figure.</param>
/// <param name="Weights">Weights of the network that is built here.</param>
public sealed record Table5Cell(string Data, string Method, string Embedding, double? PaperMillions, long Weights);

/// <summary>
/// The paper's Table 5: how many weights a network has. One rule gives all eighteen figures for MNIST, CIFAR-10 and CIFAR-100 to the printed
/// digits: the table counts <b>one</b> network, one block in discrete time and the only network in continuous time, with its biases and
/// with the weights and biases of its batch normalisations, but without their running statistics, without the embedding W and without
/// the classifier. The label pathway in discrete time has a batch normalisation after each of its three layers, the network in
/// continuous time has none, and its time embedding is 64 wide. Counting W or the classifier, or one normalisation in the label
/// pathway, misses at least one figure.
/// </summary>
/// <remarks>
/// For Tiny ImageNet no rule is known that gives both figures. A fourth convolution (3x3, 256 channels, then a pool) for images of 64
/// pixels a side comes within 2 %. Without it the network would have more than twice the paper's weights; with one more pool behind the
/// third convolution instead, two thirds of them.
/// </remarks>
public static class Table5
{
    private const string DiscreteTime = "NoProp-DT";
    private const string ContinuousTime = "NoProp-CT";

    private static readonly Column[] Columns =
    [
        new("MNIST", new(1, 28, 28), 10, [0.92, 0.92, 1.40], [0.87, 0.87, 1.48]),
        new("CIFAR-10", new(3, 32, 32), 10, [1.22, 1.22, 1.99], [1.16, 1.17, 2.07]),
        new("CIFAR-100", new(3, 32, 32), 100, [1.25, 1.23, 2.00], [1.20, 1.18, 2.08]),
        new("Tiny ImageNet", new(3, 64, 64), 200, [2.45, null, 4.30], [null, null, null]),
    ];

    /// <summary>The cells, counted anew and without building a network: data set by data set, first discrete time.</summary>
    public static IEnumerable<Table5Cell> Cells() => Columns.SelectMany(column => column.Cells());

    private sealed record Column(
        string Data, ImageShape Shape, int Classes, IReadOnlyList<double?> DiscreteMillions, IReadOnlyList<double?> ContinuousMillions)
    {
        private (string Name, int Size, LabelPathway Label)[] Embeddings =>
        [
            ("one-hot", Classes, LabelPathway.Vector),
            ("learned d=20", 20, LabelPathway.Vector),
            ("prototype", Shape.Pixels, LabelPathway.Image),
        ];

        public IEnumerable<Table5Cell> Cells() =>
        [
            .. Embeddings.Zip(DiscreteMillions, (embedding, millions) => new Table5Cell(
                Data,
                DiscreteTime,
                embedding.Name,
                millions,
                Denoiser.CountWeights(NetworkSettings.Paper, Shape, Classes, embedding.Size, embedding.Label))),
            .. Embeddings.Zip(ContinuousMillions, (embedding, millions) => new Table5Cell(
                Data,
                ContinuousTime,
                embedding.Name,
                millions,
                TimeConditionedDenoiser.CountWeights(NetworkSettings.Paper, Shape, Classes, embedding.Size, embedding.Label))),
        ];
    }
}
