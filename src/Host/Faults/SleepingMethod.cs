using System.Collections.Immutable;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;
using TorchSharp;

namespace NoProp.Host.Faults;

/// <summary>Runs whose steps sleep. Nothing is learned by them, and nothing is tested.</summary>
internal sealed class SleepingRuns(IRunStore inner, TimeSpan stepTime) : DelegatingRuns(inner)
{
    /// <inheritdoc/>
    protected override RunPlan Change(RunPlan plan) => plan with
    {
        Method = new SleepingMethod(plan.Method.Blocks, stepTime),
        Settings = plan.Settings with { Evaluate = plan.Settings.Evaluate with { EveryEpochs = 0 } },
    };
}

/// <summary>A method whose steps take a time and compute nothing, so that more workers than cores can be measured.</summary>
internal sealed class SleepingMethod(int blocks, TimeSpan stepTime) : IMethod
{
    public int Blocks => blocks;

    public int EmbeddingSize => 10;

    public int Classes => 10;

    public bool Coupled => false;

    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default) => new SleepingBlock(block, stepTime, from?.Clock ?? 0);

    public IHeadCompute CreateHead(Snapshot? from) => new IdleHead(from?.Clock ?? 0);

    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default) => throw new NotSupportedException("nothing is trained");

    public IClassifierCompute CreateClassifier(Snapshot from) => throw new NotSupportedException("nothing is trained");

    private static Snapshot State(string name, long clock) =>
        new(name, clock, Safetensors.Allocate([("weight", "F32", [1])], new Dictionary<string, string>()).Bytes);

    private sealed class SleepingBlock(BlockId block, TimeSpan stepTime, long from) : IBlockCompute
    {
        private int unread;

        public long Clock { get; private set; } = from;

        public ImmutableArray<float> Step(Batch batch, SharedVersion? version)
        {
            Thread.Sleep(stepTime);
            Clock++;
            unread++;
            return [];
        }

        public ImmutableArray<StepLoss> ReadLosses()
        {
            ImmutableArray<StepLoss> none = [.. new StepLoss[unread]];
            unread = 0;
            return none;
        }

        public ImmutableArray<float> SharedGradient(Batch batch, SharedVersion version) => throw new NotSupportedException("nothing is shared");

        public Snapshot Snapshot(Snapshot? spare = null) => State(block.FileName, Clock);

        public void Dispose()
        {
        }
    }

    private sealed class IdleHead(long from) : IHeadCompute
    {
        public long Clock { get; private set; } = from;

        public bool HasOwnTerms => true;

        public SharedVersion Shared => new(Clock, []);

        public SharedVersion SharedFor(BlockId block) => Shared;

        public HeadStepResult Step(torch.Tensor labels, HeadStep step)
        {
            Clock++;
            return default;
        }

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
