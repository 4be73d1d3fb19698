using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Diffusion;
using NoProp.Models.Embeddings;
using NoProp.Models.Native;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NoProp.Models.Training;

/// <summary>One version of what the blocks share, as tensors of a computation. Lives as long as the scope that it was made in.</summary>
internal sealed class SharedTensors
{
    private readonly SharedLayout layout;
    private readonly Tensor? weight;
    private readonly Tensor? bias;
    private readonly LearnedSchedule? schedule;

    /// <summary>Views of a flat vector.</summary>
    /// <param name="layout">What is in it.</param>
    /// <param name="flat">float32 [n]; null or empty where nothing is shared, or where what is shared is not wanted.</param>
    /// <param name="device">Where a fixed W is; null for the CPU.</param>
    public SharedTensors(SharedLayout layout, Tensor? flat, Device? device = null)
    {
        (this.layout, Flat) = (layout, flat);
        (long m, long d) = (layout.Classes, layout.EmbeddingSize);
        long offset = 0;
        if (flat is not null)
        {
            if (layout.HasClassifier)
            {
                weight = Next(m, d);
                bias = Next(m);
            }

            if (layout.Schedule is not null)
            {
                schedule = new(LearnedScheduleParameters.From([.. SharedLayout.ScheduleShapes().Select(shape => Next(shape))]));
            }
        }

        Embedding = layout.LearnsEmbedding
            ? flat is null ? throw new InvalidOperationException("the label embedding is learned: its values are needed") : Next(m, d)
            : eye(m, dtype: ScalarType.Float32, device: device);

        Tensor Next(params long[] shape)
        {
            long count = shape.Aggregate(1L, (product, size) => product * size);
            Tensor view = flat!.narrow(0, offset, count).view(shape);
            offset += count;
            return view;
        }
    }

    /// <summary>The leaf of the autograd graph, float32 [n].</summary>
    public Tensor? Flat { get; }

    /// <summary>W, [m, d].</summary>
    public Tensor Embedding { get; }

    /// <summary>The learned schedule.</summary>
    public LearnedSchedule Schedule => schedule ?? throw new InvalidOperationException("this method has no learned schedule");

    /// <summary>A version, on a device or the CPU, as a leaf that gradients are asked for.</summary>
    public static SharedTensors Pin(SharedLayout layout, SharedVersion version, Device? device = null) =>
        new(layout, Flatten(version.Values).OnDevice(device ?? CPU).requires_grad_(true), device);

    /// <summary>Values of all shared parameters, or a gradient by them, as a tensor: float32 [n].</summary>
    public static Tensor Flatten(ImmutableArray<float> values)
    {
        Tensor flat = empty(values.Length, ScalarType.Float32);
        values.AsSpan().CopyTo(MemoryMarshal.Cast<byte, float>(flat.bytes));
        return flat;
    }

    /// <summary>The values of a snapshot of the head, for inference. The caller disposes of <see cref="Flat"/>.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public static Tensor Read(SharedLayout layout, Snapshot head)
    {
        using SharedParameters parameters = new(layout, initial: false);
        TrainingState.Restore(HeadTraining.Name, parameters.Sets, head);
        return parameters.Flat().DetachFromDisposeScope();
    }

    /// <summary>u_y, rows of W: int64 [batch] to [batch, d].</summary>
    public Tensor Embed(Tensor labels) => Embedding.index_select(0, labels);

    /// <summary>u_hat = softmax(logits) W: [batch, m] to [batch, d].</summary>
    public Tensor Output(Tensor logits) => functional.softmax(logits, 1).matmul(Embedding);

    /// <summary>log p_out(y | z), (14)-(16): [batch, d] to [batch, m].</summary>
    public Tensor LogProbabilities(Tensor z) => layout.ClassProbability.Log(functional.linear(z, weight!, bias!), Embedding);

    /// <summary>E[ -log p_out(y | z) ].</summary>
    /// <param name="z">[batch, d].</param>
    /// <param name="labels">int64 [batch].</param>
    public Tensor CrossEntropy(Tensor z, Tensor labels) => layout.ClassProbability.Kind == ClassProbabilityKind.Softmax
        ? functional.cross_entropy(functional.linear(z, weight!, bias!), labels)
        : functional.nll_loss(LogProbabilities(z), labels);
}
