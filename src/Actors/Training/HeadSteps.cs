using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Training;

/// <summary>Who makes the steps that a <see cref="SharedServer"/> decides on: the arithmetic of the head, or what stands for it in a simulation.</summary>
internal interface IHeadSteps : IDisposable
{
    /// <summary>Steps made.</summary>
    long Clock { get; }

    /// <summary>Whether the head has terms of its own to train by.</summary>
    bool HasOwnTerms { get; }

    /// <summary>The shared parameters as a block is to see them.</summary>
    SharedVersion SharedFor(BlockId block);

    /// <summary>Gives each block a copy of W of its own, or takes it away.</summary>
    void KeepCopies(bool keep);

    /// <summary>Keeps one set of the moments of W's optimiser, or one for each block. What has no moments does nothing.</summary>
    void KeepMoments(MomentSharing sharing)
    {
    }

    /// <summary>Makes a step.</summary>
    /// <param name="step">What has a part in it.</param>
    /// <param name="ownStep">Steps by the head's own terms before it: which mini-batch's labels it reads follows from them.</param>
    HeadStepResult Step(HeadStep step, long ownStep);

    /// <summary>The complete state.</summary>
    Snapshot Snapshot(IReadOnlyDictionary<string, string> notes, IReadOnlyDictionary<string, ImmutableArray<float>> more);

    /// <summary>Mean of the head's own loss since it was last asked for.</summary>
    float MeanLoss();
}

/// <inheritdoc/>
internal sealed class HeadSteps(IMethod method, BatchSource source, Snapshot? from) : IHeadSteps
{
    private readonly IHeadCompute compute = method.CreateHead(from);
    private (float Sum, int Count) losses;

    public long Clock => compute.Clock;

    public bool HasOwnTerms => compute.HasOwnTerms;

    public SharedVersion SharedFor(BlockId block) => compute.SharedFor(block);

    public void KeepCopies(bool keep) => compute.KeepCopies(keep);

    public void KeepMoments(MomentSharing sharing) => compute.KeepMoments(sharing);

    public HeadStepResult Step(HeadStep step, long ownStep)
    {
        TorchRuntime.UseOneThread();
        using DisposeScope scope = NewDisposeScope();
        // A mini-batch is read by one replica of each block.
        using Tensor labels = source.Labels(HeadOrder.BatchStep(ownStep, method.Blocks / method.Replicas, source.StepsPerEpoch));
        HeadStepResult result = compute.Step(labels, step);
        losses = step.OwnTerms ? (losses.Sum + result.Loss, losses.Count + 1) : losses;
        return result;
    }

    public Snapshot Snapshot(IReadOnlyDictionary<string, string> notes, IReadOnlyDictionary<string, ImmutableArray<float>> more) => compute.Snapshot(notes, more);

    public float MeanLoss()
    {
        float mean = losses.Count == 0 ? 0 : losses.Sum / losses.Count;
        losses = default;
        return mean;
    }

    public void Dispose() => compute.Dispose();
}
