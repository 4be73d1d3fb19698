using System.Collections.Immutable;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;

namespace NoProp.Models.Replicas;

/// <summary>
/// A method each of whose blocks is trained R times over: what it calls blocks are T R replicas. All replicas of a block begin alike; the k-th
/// step of replica r (from 0) reads the mini-batch of step k R + r, with the noise of that mini-batch, so that together they pass over the
/// data as one block would.
/// </summary>
/// <param name="inner">The method.</param>
/// <param name="replicas">R.</param>
public sealed class ReplicatedMethod(IMethod inner, int replicas) : IMethod
{
    /// <inheritdoc/>
    public int Blocks => inner.Blocks * replicas;

    /// <inheritdoc/>
    public int Replicas => replicas;

    /// <inheritdoc/>
    public int EmbeddingSize => inner.EmbeddingSize;

    /// <inheritdoc/>
    public int? InferenceSteps => inner.InferenceSteps;

    /// <inheritdoc/>
    public int Classes => inner.Classes;

    /// <inheritdoc/>
    public bool Coupled => inner.Coupled;

    /// <inheritdoc/>
    public long BatchStep(BlockId block, long step) => step * replicas + Named(block).Replica;

    /// <inheritdoc/>
    public double SamplingWeight(BlockId block) => inner.SamplingWeight(Named(block).Block);

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
    {
        BlockId named = Named(block);
        if (from is not null && from.Name != named.FileName)
        {
            throw new NoPropException($"a snapshot of {from.Name} was given to {named.FileName}");
        }

        Snapshot? state = from is null ? null : new Snapshot(named.Block.FileName, from.Clock, from.Safetensors);
        return new ReplicaCompute(this, named, inner.CreateBlock(named.Block, state, device));
    }

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => inner.CreateHead(from);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) =>
        inner.CreateDenoiser(block, from, head, device);

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => inner.CreateClassifier(from);

    private BlockId Named(BlockId block) => block with { Replicas = replicas };

    private sealed class ReplicaCompute(ReplicatedMethod method, BlockId block, IBlockCompute compute) : IBlockCompute
    {
        public long Clock => compute.Clock;

        public ImmutableArray<float> Step(Batch batch, SharedVersion? version) => batch.Step == method.BatchStep(block, Clock)
            ? compute.Step(batch, version)
            : throw new InvalidOperationException($"{block} is at step {Clock}, which reads mini-batch {method.BatchStep(block, Clock)}, and was given that of step {batch.Step}");

        public ImmutableArray<StepLoss> ReadLosses() => compute.ReadLosses();

        public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version) => compute.SharedGradient(batch, version);

        public Snapshot Snapshot(Snapshot? spare = null) => compute.Snapshot(spare) with { Name = block.FileName };

        public void Dispose() => compute.Dispose();
    }
}
