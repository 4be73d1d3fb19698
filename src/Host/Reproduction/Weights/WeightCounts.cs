using NoProp.Host.Reproduction.Paper;
using NoProp.Models.Data;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using static NoProp.Host.Reproduction.Paper.PaperEmbeddings;
using static NoProp.Host.Reproduction.Paper.PaperMethods;

namespace NoProp.Host.Reproduction.Weights;

/// <summary>The rows of Table 5, counted on the networks themselves.</summary>
internal static class WeightCounts
{
    private static readonly (string Data, string Method, string Embedding, double Millions)[] Paper =
    [
        ("mnist", DiscreteTime, OneHot, 0.92),
        ("mnist", DiscreteTime, Learned, 0.92),
        ("mnist", DiscreteTime, Prototype, 1.40),
        ("mnist", ContinuousTime, OneHot, 0.87),
        ("mnist", ContinuousTime, Learned, 0.87),
        ("mnist", ContinuousTime, Prototype, 1.48),
        ("cifar10", DiscreteTime, OneHot, 1.22),
        ("cifar10", DiscreteTime, Learned, 1.22),
        ("cifar10", DiscreteTime, Prototype, 1.99),
        ("cifar10", ContinuousTime, OneHot, 1.16),
        ("cifar10", ContinuousTime, Learned, 1.17),
        ("cifar10", ContinuousTime, Prototype, 2.07),
        ("cifar100", DiscreteTime, OneHot, 1.25),
        ("cifar100", DiscreteTime, Learned, 1.23),
        ("cifar100", DiscreteTime, Prototype, 2.00),
        ("cifar100", ContinuousTime, OneHot, 1.20),
        ("cifar100", ContinuousTime, Learned, 1.18),
        ("cifar100", ContinuousTime, Prototype, 2.08),
        (PaperResults.TinyImageNet, DiscreteTime, OneHot, 2.45),
        (PaperResults.TinyImageNet, DiscreteTime, Prototype, 4.30),
    ];

    /// <summary>All rows, in the order of the paper.</summary>
    public static IReadOnlyList<WeightRow> All() =>
        [.. Paper.Select(cell => new WeightRow(cell.Data, cell.Method, cell.Embedding, cell.Millions, Count(cell.Data, cell.Method, cell.Embedding)))];

    private static long? Count(string data, string method, string embedding)
    {
        (ImageShape Shape, int Classes)? set = data switch
        {
            "mnist" => (new(1, 28, 28), 10),
            "cifar10" => (new(3, 32, 32), 10),
            "cifar100" => (new(3, 32, 32), 100),
            _ => null,
        };
        if (set is not { } known || method != DiscreteTime || embedding == Prototype)
        {
            return null;
        }

        int size = embedding == OneHot ? known.Classes : 20;
        using Denoiser network = new(NetworkSettings.Paper, known.Shape, known.Classes, size, new NoiseKey(Seed: 0, NoiseStream.Weights));
        return network.Parameters.Count;
    }
}
