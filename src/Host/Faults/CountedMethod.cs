using System.Collections.Immutable;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;

namespace NoProp.Host.Faults;

/// <summary>Runs whose blocks count the steps that they make on this node.</summary>
internal sealed class CountingRuns(IRunStore inner, StepCounter counter) : DelegatingRuns(inner)
{
    /// <inheritdoc/>
    protected override RunPlan Change(RunPlan plan) => plan with { Method = new CountedMethod(plan.Method, counter) };
}

/// <summary>A method that counts the steps of its blocks.</summary>
internal sealed class CountedMethod(IMethod inner, StepCounter counter) : IMethod
{
    /// <inheritdoc/>
    public int Blocks => inner.Blocks;

    /// <inheritdoc/>
    public int Replicas => inner.Replicas;

    /// <inheritdoc/>
    public int EmbeddingSize => inner.EmbeddingSize;

    /// <inheritdoc/>
    public int? InferenceSteps => inner.InferenceSteps;

    /// <inheritdoc/>
    public int Classes => inner.Classes;

    /// <inheritdoc/>
    public bool Coupled => inner.Coupled;

    /// <inheritdoc/>
    public double SamplingWeight(BlockId block) => inner.SamplingWeight(block);

    /// <inheritdoc/>
    public long BatchStep(BlockId block, long step) => inner.BatchStep(block, step);

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default) => new Counted(inner.CreateBlock(block, from, device), counter);

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => inner.CreateHead(from);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) => inner.CreateDenoiser(block, from, head, device);

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => inner.CreateClassifier(from);

    private sealed class Counted(IBlockCompute inner, StepCounter counter) : IBlockCompute
    {
        public long Clock => inner.Clock;

        public ImmutableArray<float> Step(Batch batch, SharedVersion? version)
        {
            ImmutableArray<float> gradient = inner.Step(batch, version);
            counter.Add();
            return gradient;
        }

        public ImmutableArray<StepLoss> ReadLosses() => inner.ReadLosses();

        public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version) => inner.SharedGradient(batch, version);

        public Snapshot Snapshot(Snapshot? spare = null) => inner.Snapshot(spare);

        public void Dispose() => inner.Dispose();
    }
}
