using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>What one training step of a block gave.</summary>
/// <param name="Loss">The step's term of the objective.</param>
/// <param name="SquaredError">Mean over the batch of ||u_hat - u_y||^2, comparable between blocks.</param>
public readonly record struct StepLoss(float Loss, float SquaredError);

/// <summary>What a step of a block gave, for who wants all of it at once.</summary>
/// <param name="Loss">Losses.</param>
/// <param name="SharedGradient">Gradient by the shared parameters, flat; empty where the block does not move them.</param>
public readonly record struct BlockStep(StepLoss Loss, ImmutableArray<float> SharedGradient);

/// <summary>The arithmetic of a block in training. Not thread-safe: one caller at a time.</summary>
public interface IBlockCompute : IDisposable
{
    /// <summary>Steps trained.</summary>
    long Clock { get; }

    /// <summary>
    /// Trains one step. On a GPU it returns when the step is under way, and reads nothing back; but where the method is
    /// <see cref="IMethod.Coupled"/> it waits, because the gradient is wanted on the CPU.
    /// </summary>
    /// <param name="batch">The mini-batch of step <see cref="Clock"/>, as <see cref="IMethod.BatchStep"/> has it.</param>
    /// <param name="version">The shared parameters that the step uses; null where the method is not <see cref="IMethod.Coupled"/>.</param>
    /// <returns>Gradient by the shared parameters, flat; empty where the block does not move them.</returns>
    /// <exception cref="InvalidOperationException">The batch is of another step, or a coupled method is given no version.</exception>
    ImmutableArray<float> Step(Batch batch, SharedVersion? version);

    /// <summary>
    /// Losses of the steps since the last call, in their order. On a GPU this is one transfer, which waits until the last of them is trained:
    /// for once in many steps. After a step of a <see cref="IMethod.Coupled"/> method there is nothing left to wait for.
    /// </summary>
    ImmutableArray<StepLoss> ReadLosses();

    /// <summary>
    /// Gradient of a mini-batch's loss by what is shared, at any version and with the weights as they are: to see how much a gradient depends on
    /// the version. Nothing is trained by it, and nothing changes.
    /// </summary>
    /// <param name="batch">A mini-batch; its noise is that of its step.</param>
    /// <param name="version">The shared parameters.</param>
    /// <returns>W's part, row-major [m, d]; that of all shared parameters, flat, where W is fixed.</returns>
    /// <exception cref="InvalidOperationException">The method is not <see cref="IMethod.Coupled"/>.</exception>
    ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version);

    /// <summary>The complete state.</summary>
    /// <param name="spare">A state that nobody reads any more: its memory is written over where it has the size that is needed. Null for new memory.</param>
    Snapshot Snapshot(Snapshot? spare = null);
}

/// <summary>The arithmetic of the head in training: what the blocks share. Not thread-safe.</summary>
public interface IHeadCompute : IDisposable
{
    /// <summary>Steps trained; T for each mini-batch of the blocks.</summary>
    long Clock { get; }

    /// <summary>The shared parameters now.</summary>
    SharedVersion Shared { get; }

    /// <summary>The shared parameters as a block is to see them: with its own copy of W where blocks keep copies.</summary>
    SharedVersion SharedFor(BlockId block);

    /// <summary>Whether the head has terms of its own to train by.</summary>
    bool HasOwnTerms { get; }

    /// <summary>Trains one step of the optimiser.</summary>
    /// <param name="labels">Labels of a mini-batch, int64 [batch], for the head's own terms.</param>
    /// <param name="step">What has a part in it.</param>
    HeadStepResult Step(Tensor labels, HeadStep step);

    /// <summary>Gives each block a copy of W of its own, or takes it away.</summary>
    void KeepCopies(bool keep);

    /// <summary>Keeps one set of the moments of W's optimiser, or one for each block. What has no moments does nothing.</summary>
    void KeepMoments(MomentSharing sharing)
    {
    }

    /// <summary>The complete state.</summary>
    /// <param name="notes">What is to stand beside the tensors.</param>
    /// <param name="more">Further values to keep, by name: found again as <c>optimizer.NAME</c>.</param>
    Snapshot Snapshot(IReadOnlyDictionary<string, string>? notes = null, IReadOnlyDictionary<string, ImmutableArray<float>>? more = null);
}

/// <summary>One block at inference. Not thread-safe.</summary>
public interface IDenoiserCompute : IDisposable
{
    /// <summary>What the block makes of z: z_t from z_{t-1}, (3), or in continuous time z_1 from z_0.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="z">[batch, d].</param>
    /// <param name="eps">Standard normal [batch, d] for a step, t or 1..N, or null for the mean; null for the mean throughout.</param>
    /// <returns>[batch, d].</returns>
    Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps);

    /// <summary>The same with steps of the caller's choice, and a look at z after each of them. A block that is one step takes no notice.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="z">[batch, d].</param>
    /// <param name="eps">Standard normal [batch, d] for a step, t or 1..N, or null for the mean; null for the mean throughout.</param>
    /// <param name="sampling">How many steps, and who looks.</param>
    /// <returns>[batch, d].</returns>
    Tensor Denoise(Tensor images, Tensor z, Func<int, Tensor?>? eps, Sampling sampling) => Denoise(images, z, eps);
}

/// <summary>The classifier at inference. Not thread-safe.</summary>
public interface IClassifierCompute : IDisposable
{
    /// <summary>p_out(y | z): [batch, d] to [batch, m].</summary>
    Tensor Probabilities(Tensor z);

    /// <summary>The class whose embedding is nearest to z, int64 [batch]; where the embeddings are not known, the most probable one.</summary>
    Tensor Nearest(Tensor z) => Probabilities(z).argmax(1);
}

/// <summary>The random numbers of inference, by image, so that an answer does not depend on how images were batched.</summary>
/// <param name="Seed">Seed.</param>
/// <param name="Sample">Which of several draws for the same image.</param>
/// <param name="Stochastic">Whether eps_t is drawn in every step; otherwise each step gives its mean, and only z_0 is random.</param>
public readonly record struct InferenceNoise(ulong Seed, int Sample, bool Stochastic)
{
    /// <summary>z_0 ~ N(0, I) for images first..first+count-1, [count, d].</summary>
    public Tensor Start(long first, long count, int embeddingSize) => NoiseRows.Start([new(this, first, count)], embeddingSize);

    /// <summary>eps_t of step t for the same images, [count, d], or null where the steps are deterministic.</summary>
    public Tensor? Step(int step, long first, long count, int embeddingSize) => NoiseRows.Step([new(this, first, count)], step, embeddingSize);
}

/// <summary>The random numbers of some rows of a batch: those of a request, or of one of its draws.</summary>
/// <param name="Noise">Whose they are.</param>
/// <param name="First">Number of the first row among them, the address of its noise.</param>
/// <param name="Count">Rows.</param>
public readonly record struct NoiseRows(InferenceNoise Noise, long First, long Count)
{
    /// <summary>z_0 of all rows, one part after the other, [rows, d].</summary>
    public static Tensor Start(IReadOnlyList<NoiseRows> rows, int embeddingSize) => Normal(rows, NoiseStream.InferenceStart, 0, embeddingSize);

    /// <summary>eps_t of step t of all rows, [rows, d], or null where the steps are deterministic, which they are for all or for none.</summary>
    public static Tensor? Step(IReadOnlyList<NoiseRows> rows, int step, int embeddingSize) =>
        rows[0].Noise.Stochastic ? Normal(rows, NoiseStream.InferenceStep, step, embeddingSize) : null;

    // Into one tensor: a batch of requests of one image each is many parts.
    private static Tensor Normal(IReadOnlyList<NoiseRows> rows, NoiseStream stream, int step, int embeddingSize)
    {
        Tensor result = empty([rows.Sum(part => part.Count), embeddingSize], ScalarType.Float32);
        Span<float> values = MemoryMarshal.Cast<byte, float>(result.bytes);
        foreach (NoiseRows part in rows)
        {
            int count = (int)part.Count * embeddingSize;
            Randomness.Noise.FillNormal(new NoiseKey(part.Noise.Seed, stream, step, part.Noise.Sample), values[..count], part.First * embeddingSize);
            values = values[count..];
        }

        return result;
    }
}

/// <summary>Steps that are read one by one, where nothing is gained by reading many together.</summary>
public static class ReadSteps
{
    /// <summary>Trains one step and reads its losses; those of steps before it that nobody has read are lost.</summary>
    /// <inheritdoc cref="IBlockCompute.Step"/>
    public static BlockStep StepAndRead(this IBlockCompute block, Batch batch, SharedVersion? version)
    {
        ImmutableArray<float> gradient = block.Step(batch, version);
        return new(block.ReadLosses()[^1], gradient);
    }
}

/// <summary>Steps and inference of methods whose blocks share nothing.</summary>
public static class Uncoupled
{
    /// <summary>Trains one step of a block that reads no shared parameters.</summary>
    public static StepLoss Step(this IBlockCompute block, Batch batch) => block.StepAndRead(batch, version: null).Loss;

    /// <summary>Trains one step of a head by its own terms alone.</summary>
    public static float Step(this IHeadCompute head, Tensor labels) => head.Step(labels, new HeadStep()).Loss;

    /// <summary>Trains one step of a head by its own terms and what a step of a block asks, as Algorithm 1 does.</summary>
    public static float Step(this IHeadCompute head, Tensor labels, SharedGradient? gradient) => head.Step(labels, new HeadStep(gradient)).Loss;

    /// <summary>A link of the chain that reads no shared parameters.</summary>
    public static IDenoiserCompute CreateDenoiser(this IMethod method, BlockId block, Snapshot from) => method.CreateDenoiser(block, from, head: null);

    /// <summary>A step of the chain with given noise.</summary>
    public static Tensor Denoise(this IDenoiserCompute denoiser, Tensor images, Tensor z, Tensor eps) => denoiser.Denoise(images, z, _ => eps);
}
