using NoProp.Models.Embeddings;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;

namespace NoProp.Models.Methods;

/// <summary>All that, together with the data, determines the weights after a given number of steps.</summary>
/// <param name="Seed">Seed of every random number of the run.</param>
/// <param name="Network">The block network.</param>
/// <param name="Blocks">Number of denoisers T: in discrete time the blocks, with back-propagation the layers of the one network.</param>
/// <param name="BatchSize">Images in a mini-batch.</param>
/// <param name="LearningRate">AdamW's learning rate.</param>
/// <param name="WeightDecay">AdamW's decoupled weight decay.</param>
/// <param name="Eta">Weight of the denoising term, eta in (8).</param>
/// <param name="AbarMin">Lower clip of abar.</param>
/// <param name="AbarMax">Upper clip of abar; SNR(T) = AbarMax / (1 - AbarMax).</param>
public sealed record TrainingSettings(
    ulong Seed,
    NetworkSettings Network,
    int Blocks = 10,
    int BatchSize = 128,
    double LearningRate = 1e-3,
    double WeightDecay = 1e-3,
    double Eta = 0.1,
    double AbarMin = 1e-4,
    double AbarMax = 1 - 1e-3)
{
    /// <summary>How the network is trained.</summary>
    public MethodKind Method { get; init; } = MethodKind.Dt;

    /// <summary>Replicas R of each block.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>The label embedding W.</summary>
    public EmbeddingSettings Embedding { get; init; } = new(EmbeddingKind.OneHot);

    /// <summary>How class probabilities are read from z_T, (14)-(16).</summary>
    public ClassProbabilitySettings ClassProbability { get; init; } = new(ClassProbabilityKind.Softmax);

    /// <summary>The optimiser of every network and of what they share.</summary>
    public OptimiserKind Optimiser { get; init; } = OptimiserKind.AdamW;

    /// <summary>Initial gamma_0 of the learned schedule (CT): log SNR(1) = -gamma_0.</summary>
    public double Gamma0 { get; init; } = -5;

    /// <summary>Initial gamma_1 of the learned schedule (CT), above gamma_0: log SNR(0) = -gamma_1.</summary>
    public double Gamma1 { get; init; } = 5;

    /// <summary>sigma of z_t ~ N(t z_1 + (1-t) z_0, sigma^2 I), (10) (FM).</summary>
    public double FlowSigma { get; init; }

    /// <summary>Steps N of inference in continuous time (CT, FM).</summary>
    public int InferenceSteps { get; init; } = 100;

    /// <summary>Steps of the ODE solver, each of fourth order (adjoint).</summary>
    public int SolverSteps { get; init; } = 5;

    /// <summary>An optimiser for so many values.</summary>
    internal IOptimiser CreateOptimiser(long count) => Optimisers.Optimiser.Create(Optimiser, count, LearningRate, WeightDecay, Network.Kernels);
}
