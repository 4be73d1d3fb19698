using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Networks;

namespace NoProp.Models.Training;

/// <summary>
/// A copy of W for each block. W itself is their mean, but for the time of a step, when it is the copy of the block whose step it is: so the
/// optimiser moves the copy. All copies share one set of moments unless each block has its own.
/// </summary>
internal sealed class EmbeddingCopies
{
    private readonly ParameterSet w;
    private readonly float[][] copies;

    /// <summary>Copies of W as it is.</summary>
    public EmbeddingCopies(ParameterSet w, int blocks)
    {
        this.w = w;
        copies = [.. Enumerable.Range(0, blocks).Select(_ => W.ToArray())];
    }

    private Span<float> W => MemoryMarshal.Cast<byte, float>(w.Flat.bytes);

    /// <summary>The copy of a block, W row by row: m * d values.</summary>
    public ReadOnlySpan<float> this[BlockId block] => copies[block.Index];

    /// <summary>The copies in a snapshot; null where it has none.</summary>
    /// <exception cref="NoPropException">Some are there, and some are missing or of another size.</exception>
    public static EmbeddingCopies? Read(ParameterSet w, int blocks, SafetensorsFile file)
    {
        if (!file.Entries.ContainsKey(WeightsHash.OptimizerPrefix + Name(new BlockId(1))))
        {
            return null;
        }

        EmbeddingCopies read = new(w, blocks);
        foreach (BlockId block in BlockId.UpTo(blocks))
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(file.Data(WeightsHash.OptimizerPrefix + Name(block)));
            if (values.Length != w.Count)
            {
                throw new NoPropException($"the copy of the embedding of {block} has {values.Length} values instead of {w.Count}: it is of another network");
            }

            values.CopyTo(read.copies[block.Index]);
        }

        return read;
    }

    /// <summary>Lets W be the copy of a block.</summary>
    public void Enter(BlockId block) => copies[block.Index].CopyTo(W);

    /// <summary>Keeps W as the copy of a block, mixes it half and half with a partner's, and lets W be the mean of all.</summary>
    /// <param name="block">The block; null where the step was nobody's: then every copy moves as W, their mean, has moved.</param>
    /// <param name="partner">The partner; null for none.</param>
    public void Leave(BlockId? block, BlockId? partner)
    {
        if (block is { } own)
        {
            W.CopyTo(copies[own.Index]);
            if (partner is { } other)
            {
                (float[] mine, float[] theirs) = (copies[own.Index], copies[other.Index]);
                for (int i = 0; i < mine.Length; i++)
                {
                    mine[i] = theirs[i] = (mine[i] + theirs[i]) / 2;
                }
            }

            Span<float> mean = W;
            for (int i = 0; i < mean.Length; i++)
            {
                mean[i] = Mean(i);
            }
        }
        else
        {
            Span<float> moved = W;
            for (int i = 0; i < moved.Length; i++)
            {
                float move = moved[i] - Mean(i);
                foreach (float[] copy in copies)
                {
                    copy[i] += move;
                }
            }
        }
    }

    /// <summary>The copies as tensors of a snapshot.</summary>
    public IEnumerable<KeyValuePair<string, ImmutableArray<float>>> Named() =>
        copies.Select((copy, i) => KeyValuePair.Create(Name(new BlockId(i + 1)), ImmutableArray.Create(copy)));

    private static string Name(BlockId block) => $"{block.FileName}.copy.{SharedLayout.EmbeddingName}";

    private float Mean(int i)
    {
        double sum = 0;
        foreach (float[] copy in copies)
        {
            sum += copy[i];
        }

        return (float)(sum / copies.Length);
    }
}
