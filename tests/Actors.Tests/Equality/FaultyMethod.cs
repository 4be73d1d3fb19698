using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Stacks;
using NoProp.Models.Training;
using TorchSharp;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Where a step fails, and how often.</summary>
/// <param name="Block">The block, or null for the head.</param>
/// <param name="Step">The step that fails instead of being trained.</param>
/// <param name="Times">How often it fails before it works.</param>
internal sealed record Fault(BlockId? Block, long Step, int Times = 1);

/// <summary>A method whose steps fail where a test wants them to; all else is the real one's.</summary>
internal sealed class FaultyMethod(IMethod inner, params Fault[] faults) : IMethod
{
    private readonly int[] left = [.. faults.Select(fault => fault.Times)];

    public int Blocks => inner.Blocks;

    public int EmbeddingSize => inner.EmbeddingSize;

    public int? InferenceSteps => inner.InferenceSteps;

    public int Classes => inner.Classes;

    public bool Coupled => inner.Coupled;

    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default) => new FaultyBlock(this, block, inner.CreateBlock(block, from, device));

    public Func<ComputeDevice, IStackCompute>? Stacks => inner.Stacks is { } create ? device => new FaultyStack(this, create(device)) : null;

    public IHeadCompute CreateHead(Snapshot? from) => new FaultyHead(this, inner.CreateHead(from));

    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) => inner.CreateDenoiser(block, from, head, device);

    public IClassifierCompute CreateClassifier(Snapshot from) => inner.CreateClassifier(from);

    private void FailAt(BlockId? block, long step)
    {
        for (int i = 0; i < faults.Length; i++)
        {
            if (faults[i].Block == block && faults[i].Step == step && Interlocked.Decrement(ref left[i]) >= 0)
            {
                throw new InvalidOperationException("a fault of the test");
            }
        }
    }

    private sealed class FaultyBlock(FaultyMethod method, BlockId block, IBlockCompute compute) : IBlockCompute
    {
        public long Clock => compute.Clock;

        public ImmutableArray<float> Step(Batch batch, SharedVersion? version)
        {
            method.FailAt(block, compute.Clock);
            return compute.Step(batch, version);
        }

        public ImmutableArray<StepLoss> ReadLosses() => compute.ReadLosses();

        public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version) => compute.SharedGradient(batch, version);

        public Snapshot Snapshot(Snapshot? spare = null) => compute.Snapshot(spare);

        public void Dispose() => compute.Dispose();
    }

    private sealed class FaultyStack(FaultyMethod method, IStackCompute stack) : IStackCompute
    {
        public long? Clock(BlockId block) => stack.Clock(block);

        public void Join(BlockId block, Snapshot? from) => stack.Join(block, from);

        public void Leave(BlockId block) => stack.Leave(block);

        public void Step(IReadOnlyList<StackStep> steps)
        {
            foreach (StackStep step in steps)
            {
                method.FailAt(step.Block, step.Batch.Step);
            }

            stack.Step(steps);
        }

        public ImmutableArray<StepLoss> ReadLosses(BlockId block) => stack.ReadLosses(block);

        public Snapshot Snapshot(BlockId block) => stack.Snapshot(block);

        public void Dispose() => stack.Dispose();
    }

    private sealed class FaultyHead(FaultyMethod method, IHeadCompute compute) : IHeadCompute
    {
        public long Clock => compute.Clock;

        public bool HasOwnTerms => compute.HasOwnTerms;

        public HeadStepResult Step(torch.Tensor labels, HeadStep step)
        {
            method.FailAt(null, compute.Clock);
            return compute.Step(labels, step);
        }

        public SharedVersion Shared => compute.Shared;

        public SharedVersion SharedFor(BlockId block) => compute.SharedFor(block);

        public void KeepCopies(bool keep) => compute.KeepCopies(keep);

        public void KeepMoments(MomentSharing sharing) => compute.KeepMoments(sharing);

        public Snapshot Snapshot(IReadOnlyDictionary<string, string>? notes, IReadOnlyDictionary<string, ImmutableArray<float>>? more) =>
            compute.Snapshot(notes, more);

        public void Dispose() => compute.Dispose();
    }
}
