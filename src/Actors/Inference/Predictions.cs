using System.Collections.Immutable;

namespace NoProp.Actors.Inference;

/// <summary>What is asked about some images.</summary>
/// <param name="Pixels">
/// Image after image, each [channels, height, width] in row-major order, from 0 to <see cref="InferenceModel.PixelMax"/>; not changed until the answer.
/// </param>
public sealed record PredictionRequest(ReadOnlyMemory<float> Pixels)
{
    /// <summary>
    /// Seed of the noise. With one the images pass the chain as a batch of their own, and the answer is the same bit for bit whatever else is
    /// asked; null for the seed of the run, in a batch with others.
    /// </summary>
    public ulong? Seed { get; init; }

    /// <summary>Draws of noise whose probabilities are averaged; null for the run's setting.</summary>
    public int? Samples { get; init; }

    /// <summary>Whether noise is drawn in every step, not for z_0 alone; null for the run's setting.</summary>
    public bool? Stochastic { get; init; }

    /// <summary>Blocks that are passed; null for all.</summary>
    public int? Depth { get; init; }

    /// <summary>Probability of some class at which an image is answered, above 0 and at most 1; null for never.</summary>
    public double? StopAt { get; init; }

    /// <summary>Steps from noise to label of a network that makes many by itself; null for the run's setting.</summary>
    public int? Steps { get; init; }

    /// <summary>Whether the answer says what z looked like on the way.</summary>
    public bool Trace { get; init; }
}

/// <summary>The answer.</summary>
/// <param name="Images">Each image, in the order of the request.</param>
/// <param name="Blocks">The blocks that answered.</param>
/// <param name="HeadVersion">Steps that the classifier has trained.</param>
/// <param name="Options">What the request was answered with.</param>
/// <param name="BatchSize">Images, draws counted, that passed the chain together.</param>
/// <param name="Time">From the request to the answer.</param>
public sealed record Prediction(
    ImmutableArray<ImagePrediction> Images, ImmutableArray<BlockAnswer> Blocks, long HeadVersion, UsedOptions Options, int BatchSize, TimeSpan Time);

/// <summary>What a request was answered with.</summary>
/// <param name="Seed">Seed of the noise.</param>
/// <param name="Samples">Draws of noise.</param>
/// <param name="Stochastic">Whether noise was drawn in every step.</param>
public sealed record UsedOptions(ulong Seed, int Samples, bool Stochastic);

/// <summary>What one image shows.</summary>
/// <param name="Class">Index of the most probable class.</param>
/// <param name="Probabilities">Of each class, mean over the draws, after block <paramref name="Depth"/>.</param>
/// <param name="Depth">The block after which it is answered, 1..T.</param>
/// <param name="Trace">What z looked like on the way, where that was asked for.</param>
public sealed record ImagePrediction(int Class, ImmutableArray<float> Probabilities, int Depth, ImmutableArray<TracePoint> Trace);

/// <summary>What z looked like at one place of the chain.</summary>
/// <param name="Block">After this block, 1..T.</param>
/// <param name="Step">After this step within it, from 1; null after the whole block.</param>
/// <param name="Nearest">The class whose embedding is nearest to z, in the first draw.</param>
/// <param name="Probabilities">Of each class, mean over the draws.</param>
public sealed record TracePoint(int Block, int? Step, int Nearest, ImmutableArray<float> Probabilities);

/// <summary>A block that answered.</summary>
/// <param name="Block">1..T.</param>
/// <param name="Version">Steps that it has trained.</param>
/// <param name="Time">Time that it took for the batch; the sum over draws that pass one by one.</param>
public sealed record BlockAnswer(int Block, long Version, TimeSpan Time);
