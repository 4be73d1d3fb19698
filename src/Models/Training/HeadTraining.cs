using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Checkpoints;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Optimisers;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>
/// The head in training: what the blocks share, with its optimiser. A step takes the gradient of the head's own terms, which need labels
/// only, and that of one step of a block together, as Algorithm 1 does; or one of the two.
/// </summary>
internal sealed class HeadTraining : IHeadCompute
{
    /// <summary>Name of the head's snapshots.</summary>
    public const string Name = "head";

    private readonly SharedLayout layout;
    private readonly int blocks;
    private readonly SharedParameters parameters;
    private readonly TrainingState state;
    private readonly Func<SharedTensors, Tensor, long, Tensor>? ownTerms;
    private EmbeddingCopies? copies;
    private SharedVersion? version;

    /// <summary>A head, initial or from a snapshot.</summary>
    /// <param name="layout">What is shared.</param>
    /// <param name="blocks">Number of blocks that share it.</param>
    /// <param name="createOptimiser">An optimiser for so many values.</param>
    /// <param name="from">Where to go on; null to begin.</param>
    /// <param name="ownTerms">The head's own loss: of the shared tensors, labels int64 [batch], and the step. Null where it has none.</param>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    public HeadTraining(SharedLayout layout, int blocks, Func<long, IOptimiser> createOptimiser, Snapshot? from, Func<SharedTensors, Tensor, long, Tensor>? ownTerms)
    {
        (this.layout, this.blocks, this.ownTerms) = (layout, blocks, ownTerms);
        parameters = new SharedParameters(layout, initial: from is null);
        state = new TrainingState(Name, parameters.Sets, createOptimiser, from);
        if (from is not null && parameters.Embedding is { } embedding)
        {
            copies = EmbeddingCopies.Read(embedding.Parameters, blocks, SafetensorsFile.Parse(from.Safetensors, from.Name));
        }
    }

    public long Clock => state.Clock;

    public bool HasOwnTerms => ownTerms is not null;

    public SharedVersion Shared
    {
        get
        {
            if (version?.Version != Clock)
            {
                using Tensor flat = parameters.Flat();
                version = new(Clock, ImmutableCollectionsMarshal.AsImmutableArray(flat.data<float>().ToArray()));
            }

            return version;
        }
    }

    public SharedVersion SharedFor(BlockId block)
    {
        if (copies is null)
        {
            return Shared;
        }

        float[] values = [.. Shared.Values];
        copies[block].CopyTo(values.AsSpan((int)parameters.Offset(parameters.Embedding!)));
        return new(Clock, ImmutableCollectionsMarshal.AsImmutableArray(values));
    }

    public void KeepCopies(bool keep)
    {
        if (parameters.Embedding is { } embedding && keep != copies is not null)
        {
            // Without copies W goes on as their mean, which it is already.
            copies = keep ? new EmbeddingCopies(embedding.Parameters, blocks) : null;
        }
    }

    public void KeepMoments(MomentSharing sharing)
    {
        if (parameters.Embedding is { } embedding)
        {
            state.KeepMoments(embedding, sharing == MomentSharing.PerBlock ? blocks : 0);
        }
    }

    public HeadStepResult Step(Tensor labels, HeadStep step)
    {
        using DisposeScope scope = NewDisposeScope();
        if (step.Gradient is { } from)
        {
            copies?.Enter(from.Block);
        }

        float loss = 0;
        Tensor? before = parameters.Embedding?.Parameters.Flat.clone();
        Tensor? sum = step.Gradient is null ? null : Gradient(step);
        if (step.OwnTerms && ownTerms is not null)
        {
            Tensor leaf = parameters.Flat().requires_grad_(true);
            Tensor own = ownTerms(new SharedTensors(layout, leaf), labels, Clock);
            Tensor ownGradient = autograd.grad([own], [leaf])[0];
            sum = sum?.Plus(ownGradient) ?? ownGradient;
            loss = own.item<float>();
        }

        state.Step(sum ?? zeros(state.Count, ScalarType.Float32), step.Gradient?.Block, set => Rate(set, step));
        float move = before is null ? 0 : (parameters.Embedding!.Parameters.Flat - before).norm().item<float>();
        copies?.Leave(step.Gradient?.Block, step.Partner);
        return new(loss, move);
    }

    public Snapshot Snapshot(IReadOnlyDictionary<string, string>? notes, IReadOnlyDictionary<string, ImmutableArray<float>>? more) =>
        state.Snapshot(notes, copies is null ? more : copies.Named().ToImmutableDictionary().AddRange(more ?? ImmutableDictionary<string, ImmutableArray<float>>.Empty));

    public void Dispose()
    {
        state.Dispose();
        parameters.Dispose();
    }

    private double Rate(TrainedSet set, HeadStep step) =>
        set == parameters.Schedule && step.FreezesSchedule ? 0 : set == parameters.Embedding ? step.EmbeddingRate : 1;

    /// <summary>The block's gradient, float32 [n], with what the step makes of it.</summary>
    private Tensor Gradient(HeadStep step)
    {
        Tensor gradient = SharedTensors.Flatten(step.Gradient!.Values);
        if (!step.TakesEmbedding)
        {
            Part(gradient, parameters.Embedding)?.zero_();
        }

        if (!step.TakesSchedule)
        {
            Part(gradient, parameters.Schedule)?.zero_();
        }

        if (step.Compensation != 0 && step.Pinned is { } pinned && Part(gradient, parameters.Embedding) is { } g)
        {
            Tensor moved = parameters.Embedding!.Parameters.Flat - Part(SharedTensors.Flatten(pinned.Values), parameters.Embedding)!;
            g.copy_(g.Plus(step.Compensation, g.mul(g).mul(moved)));
        }

        return gradient;
    }

    private Tensor? Part(Tensor flat, TrainedSet? part) => part is null ? null : flat.narrow(0, parameters.Offset(part), part.Parameters.Count);
}
