using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Randomness;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>What one training step of a block gave.</summary>
/// <param name="Loss">The step's term of the objective.</param>
/// <param name="SquaredError">Mean over the batch of ||u_hat - u_y||^2, comparable between blocks.</param>
public readonly record struct StepLoss(float Loss, float SquaredError);

/// <summary>The arithmetic of a block in training. Not thread-safe: one caller at a time.</summary>
public interface IBlockCompute : IDisposable
{
    /// <summary>Steps trained.</summary>
    long Clock { get; }

    /// <summary>Trains one step.</summary>
    /// <param name="batch">The mini-batch of step <see cref="Clock"/>.</param>
    /// <exception cref="InvalidOperationException">The batch is of another step.</exception>
    StepLoss Step(Batch batch);

    /// <summary>The complete state.</summary>
    Snapshot Snapshot();
}

/// <summary>The arithmetic of the head in training: what the blocks share. Not thread-safe.</summary>
public interface IHeadCompute : IDisposable
{
    /// <summary>Steps trained; T for each mini-batch of the blocks.</summary>
    long Clock { get; }

    /// <summary>Trains one step.</summary>
    /// <param name="labels">Labels of the mini-batch of step <see cref="Clock"/>, int64 [batch].</param>
    /// <returns>Cross-entropy on z_T.</returns>
    float Step(Tensor labels);

    /// <summary>The complete state.</summary>
    Snapshot Snapshot();
}

/// <summary>One block at inference. Not thread-safe.</summary>
public interface IDenoiserCompute : IDisposable
{
    /// <summary>z_t from z_{t-1}, (3).</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="z">z_{t-1}, [batch, d].</param>
    /// <param name="eps">Standard normal [batch, d], or null for the mean.</param>
    /// <returns>z_t, [batch, d].</returns>
    Tensor Denoise(Tensor images, Tensor z, Tensor? eps);
}

/// <summary>The classifier at inference. Not thread-safe.</summary>
public interface IClassifierCompute : IDisposable
{
    /// <summary>p_out(y | z): [batch, d] to [batch, m].</summary>
    Tensor Probabilities(Tensor z);
}

/// <summary>The random numbers of inference, by image, so that an answer does not depend on how images were batched.</summary>
/// <param name="Seed">Seed.</param>
/// <param name="Sample">Which of several draws for the same image.</param>
/// <param name="Stochastic">Whether eps_t is drawn in every step; otherwise each step gives its mean, and only z_0 is random.</param>
public readonly record struct InferenceNoise(ulong Seed, int Sample, bool Stochastic)
{
    /// <summary>z_0 ~ N(0, I) for images first..first+count-1, [count, d].</summary>
    public Tensor Start(long first, long count, int embeddingSize) =>
        Noise.Normal(new NoiseKey(Seed, NoiseStream.InferenceStart, 0, Sample), [count, embeddingSize], first * embeddingSize);

    /// <summary>eps_t for the same images, [count, d], or null where the steps are deterministic.</summary>
    public Tensor? Step(BlockId block, long first, long count, int embeddingSize) => Stochastic
        ? Noise.Normal(new NoiseKey(Seed, NoiseStream.InferenceStep, block.Value, Sample), [count, embeddingSize], first * embeddingSize)
        : null;
}
