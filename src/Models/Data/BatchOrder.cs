using NoProp.Models.Randomness;

namespace NoProp.Models.Data;

/// <summary>
/// Which images form the mini-batch of a step: each epoch visits every image once, in an order of its own that depends on the seed alone,
/// so whoever trains step n knows its images without asking anyone. Not thread-safe: each user has its own.
/// </summary>
public sealed class BatchOrder
{
    private readonly ulong seed;
    private readonly int count;
    private readonly int batchSize;
    private long epoch = -1;
    private long[] order = [];

    /// <inheritdoc cref="BatchOrder"/>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="count">Number of training images, at least 1.</param>
    /// <param name="batchSize">Images in a mini-batch, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public BatchOrder(ulong seed, int count, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (this.seed, this.count, this.batchSize) = (seed, count, batchSize);

        // A single image left over joins the batch before it: batch normalisation needs two values to have a variance.
        (int full, int rest) = Math.DivRem(count, batchSize);
        StepsPerEpoch = rest > 1 || full == 0 ? full + 1 : full;
    }

    /// <summary>Steps that visit every image once.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Row numbers of the images of a step, [b]: b is the batch size but for the last batch of an epoch.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public ReadOnlySpan<long> Indices(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        (long wanted, long within) = Math.DivRem(step, StepsPerEpoch);
        if (wanted != epoch)
        {
            order = Noise.Permutation(new NoiseKey(seed, NoiseStream.BatchOrder, 0, wanted), count);
            epoch = wanted;
        }

        int start = (int)within * batchSize;
        return within == StepsPerEpoch - 1 ? order.AsSpan(start) : order.AsSpan(start, batchSize);
    }
}
