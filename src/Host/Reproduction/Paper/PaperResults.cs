using static NoProp.Host.Reproduction.Paper.PaperEmbeddings;
using static NoProp.Host.Reproduction.Paper.PaperMethods;

namespace NoProp.Host.Reproduction.Paper;

/// <summary>What the paper measured (arXiv 2503.24322, Tables 1 to 3).</summary>
internal static class PaperResults
{
    /// <summary>How the tables call the images that are read from a folder.</summary>
    public const string TinyImageNet = "tiny-imagenet";

    private static readonly Dictionary<(string Data, string Method, string Embedding), double> Accuracies = new()
    {
        [("mnist", Backprop, OneHot)] = 99.46,
        [("mnist", Backprop, Learned)] = 99.43,
        [("mnist", Backprop, Prototype)] = 99.44,
        [("mnist", DiscreteTime, OneHot)] = 99.47,
        [("mnist", DiscreteTime, Learned)] = 99.49,
        [("mnist", DiscreteTime, Prototype)] = 99.54,
        [("mnist", Adjoint, OneHot)] = 98.62,
        [("mnist", ContinuousTime, OneHot)] = 97.84,
        [("mnist", ContinuousTime, Learned)] = 97.70,
        [("mnist", ContinuousTime, Prototype)] = 97.17,
        [("mnist", FlowMatching, OneHot)] = 99.21,
        [("mnist", FlowMatching, Learned)] = 99.29,
        [("mnist", FlowMatching, Prototype)] = 98.52,

        [("cifar10", Backprop, OneHot)] = 79.92,
        [("cifar10", Backprop, Learned)] = 79.30,
        [("cifar10", Backprop, Prototype)] = 79.58,
        [("cifar10", DiscreteTime, OneHot)] = 79.25,
        [("cifar10", DiscreteTime, Learned)] = 79.12,
        [("cifar10", DiscreteTime, Prototype)] = 80.54,
        [("cifar10", Adjoint, OneHot)] = 66.78,
        [("cifar10", ContinuousTime, OneHot)] = 73.35,
        [("cifar10", ContinuousTime, Learned)] = 71.77,
        [("cifar10", ContinuousTime, Prototype)] = 66.54,
        [("cifar10", FlowMatching, OneHot)] = 73.14,
        [("cifar10", FlowMatching, Learned)] = 73.50,
        [("cifar10", FlowMatching, Prototype)] = 75.18,

        [("cifar100", Backprop, OneHot)] = 45.85,
        [("cifar100", Backprop, Learned)] = 46.57,
        [("cifar100", Backprop, Prototype)] = 47.80,
        [("cifar100", DiscreteTime, OneHot)] = 45.93,
        [("cifar100", DiscreteTime, Learned)] = 45.19,
        [("cifar100", DiscreteTime, Prototype)] = 46.06,
        [("cifar100", Adjoint, OneHot)] = 25.03,
        [("cifar100", ContinuousTime, OneHot)] = 33.66,
        [("cifar100", ContinuousTime, Learned)] = 33.99,
        [("cifar100", ContinuousTime, Prototype)] = 21.31,
        [("cifar100", FlowMatching, OneHot)] = 6.38,
        [("cifar100", FlowMatching, Learned)] = 31.14,
        [("cifar100", FlowMatching, Prototype)] = 37.57,

        [(TinyImageNet, Backprop, OneHot)] = 23.83,
        [(TinyImageNet, Backprop, Prototype)] = 31.26,
        [(TinyImageNet, DiscreteTime, OneHot)] = 26.55,
        [(TinyImageNet, DiscreteTime, Prototype)] = 25.65,
    };

    private static readonly Dictionary<(string Data, string Method), double> Memory = new()
    {
        [("mnist", Backprop)] = 0.87,
        [("cifar10", Backprop)] = 1.17,
        [("cifar100", Backprop)] = 1.73,
        [("mnist", DiscreteTime)] = 0.49,
        [("cifar10", DiscreteTime)] = 0.64,
        [("cifar100", DiscreteTime)] = 1.23,
        [("mnist", Adjoint)] = 2.32,
        [("cifar10", Adjoint)] = 6.23,
        [("cifar100", Adjoint)] = 6.45,
        [("mnist", ContinuousTime)] = 1.05,
        [("cifar10", ContinuousTime)] = 0.45,
        [("cifar100", ContinuousTime)] = 0.50,
        [("mnist", FlowMatching)] = 1.06,
        [("cifar10", FlowMatching)] = 0.44,
        [("cifar100", FlowMatching)] = 0.49,
    };

    /// <summary>Test accuracy of Tables 1 and 2, 0..1; null where the paper has none.</summary>
    public static double? Accuracy(string data, string method, string embedding) =>
        Accuracies.TryGetValue((data, method, embedding), out double percent) ? percent / 100 : null;

    /// <summary>Memory of training of Table 3, in GB; null where the paper has none.</summary>
    public static double? MemoryGigabytes(string data, string method) => Memory.TryGetValue((data, method), out double gigabytes) ? gigabytes : null;
}
