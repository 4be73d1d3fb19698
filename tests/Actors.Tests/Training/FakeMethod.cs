using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;
using TorchSharp;

namespace NoProp.Actors.Tests.Training;

/// <summary>A method without arithmetic: a step gives its own number as the loss, and a state is a clock.</summary>
internal sealed class FakeMethod(int blocks = 4, bool coupled = false) : IMethod
{
    /// <summary>Called before each step of a block, to fail or to look.</summary>
    public Action<BlockId, long> OnStep { get; set; } = (_, _) => { };

    /// <summary>Loss of a step.</summary>
    public Func<long, float> Loss { get; set; } = step => step;

    /// <summary>Gradient by the shared parameters at a version.</summary>
    public Func<SharedVersion, ImmutableArray<float>> Gradient { get; set; } = _ => [];

    /// <summary>Called before each step of the head, with its labels.</summary>
    public Action<long, torch.Tensor> OnHeadStep { get; set; } = (_, _) => { };

    /// <summary>How many losses were read together, for each time that there were any.</summary>
    public List<int> Reads { get; } = [];

    /// <summary>Gradients that had an effect on the head; null for a step by its own terms alone.</summary>
    public List<SharedGradient?> Applied { get; } = [];

    /// <summary>Steps of the head, as they were asked of it.</summary>
    public List<HeadStep> HeadSteps { get; } = [];

    /// <summary>Blocks that were made, with the clock of the state they were made from.</summary>
    public List<(BlockId Block, long From)> Made { get; } = [];

    public int Disposed => disposed;

    public int Blocks => blocks;

    public int EmbeddingSize => 10;

    public int Classes => 10;

    public bool Coupled => coupled;

    private int disposed;

    public static Snapshot State(BlockId block, long clock) => State(block.FileName, clock);

    public static Snapshot HeadState(long clock) => State("head", clock);

    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
    {
        lock (Made)
        {
            Made.Add((block, from?.Clock ?? 0));
        }

        return new FakeBlock(this, block, from?.Clock ?? 0);
    }

    public IHeadCompute CreateHead(Snapshot? from) => new FakeHead(this, from?.Clock ?? 0);

    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) => throw new NotSupportedException();

    public IClassifierCompute CreateClassifier(Snapshot from) => throw new NotSupportedException();

    private static Snapshot State(string name, long clock) =>
        new(name, clock, Safetensors.Allocate([("weight", "F32", [1])], new Dictionary<string, string>()).Bytes);

    private sealed class FakeBlock(FakeMethod method, BlockId block, long from) : IBlockCompute
    {
        private readonly List<StepLoss> unread = [];

        public long Clock { get; private set; } = from;

        public ImmutableArray<float> Step(Batch batch, SharedVersion? version)
        {
            if (batch.Step != Clock)
            {
                throw new InvalidOperationException($"batch {batch.Step} at step {Clock}");
            }

            method.OnStep(block, Clock);
            unread.Add(new(method.Loss(Clock++), 0));
            return [];
        }

        public ImmutableArray<StepLoss> ReadLosses()
        {
            ImmutableArray<StepLoss> losses = [.. unread];
            unread.Clear();
            if (losses.Length > 0)
            {
                method.Reads.Add(losses.Length);
            }

            return losses;
        }

        public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version) => method.Gradient(version);

        public Snapshot Snapshot(Snapshot? spare = null) => State(block, Clock);

        public void Dispose() => Interlocked.Increment(ref method.disposed);
    }

    private sealed class FakeHead(FakeMethod method, long from) : IHeadCompute
    {
        public long Clock { get; private set; } = from;

        public bool HasOwnTerms => true;

        public HeadStepResult Step(torch.Tensor labels, HeadStep step)
        {
            method.OnHeadStep(Clock, labels);
            method.Applied.Add(step.Gradient);
            method.HeadSteps.Add(step);
            return new(Clock++, 0);
        }

        public SharedVersion Shared => new(Clock, []);

        public SharedVersion SharedFor(BlockId block) => Shared;

        public void KeepCopies(bool keep)
        {
        }

        public Snapshot Snapshot(IReadOnlyDictionary<string, string>? notes, IReadOnlyDictionary<string, ImmutableArray<float>>? more) =>
            new("head", Clock, Safetensors.Allocate([("weight", "F32", [1])], notes ?? new Dictionary<string, string>()).Bytes);

        public void Dispose()
        {
        }
    }
}
