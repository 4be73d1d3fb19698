using System.Globalization;

namespace NoProp.Host.Reproduction.Paper;

/// <summary>How the paper trains a method (its Table 4). Batch 128, learning rate and weight decay 0.001 are the same everywhere.</summary>
/// <param name="Epochs">Passes over the training set.</param>
/// <param name="Optimizer">Word of <c>noprop.optimizer.kind</c>.</param>
/// <param name="Eta">Weight of the denoising term; null where the objective has none.</param>
internal sealed record Hyperparameters(int Epochs, string Optimizer, double? Eta)
{
    public const int Batch = 128;
    public const double LearningRate = 1e-3;
    public const double WeightDecay = 1e-3;

    /// <summary>Blocks of discrete time and back-propagation.</summary>
    public const int Blocks = 10;

    /// <summary>Steps in continuous time: inference of CT and FM, solver of the adjoint method.</summary>
    public const int ContinuousSteps = 1000;

    /// <summary>The data sets that Table 4 has.</summary>
    public static IReadOnlyList<string> Data { get; } = ["mnist", "cifar10", "cifar100"];

    /// <summary>The data set of Table 4 whose numbers another one takes: MNIST's for small grey images, CIFAR-100's for a folder.</summary>
    public static string Like(string data) =>
        Data.Contains(data) ? data : data.StartsWith("folder:", StringComparison.Ordinal) ? "cifar100" : "mnist";

    /// <summary>The numbers for a method on a data set, or on the one that it is treated like.</summary>
    public static Hyperparameters Of(string data, string method) => new(
        (Like(data), method) switch
        {
            ("mnist", PaperMethods.Adjoint) => 2,
            (_, PaperMethods.Adjoint) => 4,
            ("mnist", _) => 100,
            (_, PaperMethods.DiscreteTime or PaperMethods.Backprop) => 150,
            ("cifar10", _) => 500,
            _ => 1000,
        },
        method is PaperMethods.ContinuousTime or PaperMethods.FlowMatching ? "adam" : "adamw",
        method switch
        {
            PaperMethods.DiscreteTime => 0.1,
            PaperMethods.ContinuousTime => 1,
            _ => null,
        });

    /// <summary>
    /// A method and its hyper-parameters as settings, without the epochs. What is the setting's default is left out: <c>dt</c>, its AdamW and
    /// its eta.
    /// </summary>
    public IReadOnlyList<string> Settings(string method) =>
    [
        Set("noprop.batch", Batch),
        Set("noprop.optimizer.learning-rate", LearningRate),
        Set("noprop.optimizer.weight-decay", WeightDecay),
        .. method == PaperMethods.DiscreteTime
            ? (IEnumerable<string>)[Set("noprop.blocks", Blocks), Set("noprop.objective.eta", Eta!)]
            : [$"noprop.method={method}", $"noprop.optimizer.kind={Optimizer}"],
        .. method == PaperMethods.Backprop ? (IEnumerable<string>)[Set("noprop.blocks", Blocks)] : [],
        .. method == PaperMethods.ContinuousTime ? (IEnumerable<string>)[Set("noprop.objective.eta", Eta!)] : [],
    ];

    /// <summary>One setting as <c>--set</c> takes it.</summary>
    public static string Set(string path, object value) => string.Create(CultureInfo.InvariantCulture, $"{path}={value}");
}
