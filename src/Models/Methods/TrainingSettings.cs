using NoProp.Models.Networks;

namespace NoProp.Models.Methods;

/// <summary>All that, together with the data, determines the weights after a given number of steps.</summary>
/// <param name="Seed">Seed of every random number of the run.</param>
/// <param name="Network">The block network.</param>
/// <param name="Blocks">Number of blocks T.</param>
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
    double AbarMax = 1 - 1e-3);
