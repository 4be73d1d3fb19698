using System.Collections.Concurrent;
using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Stacks;

namespace NoProp.Actors.Tests.Training;

/// <summary>A stack without arithmetic: a step gives its own number as the loss, and a state is a clock.</summary>
internal sealed class FakeStack : IStackCompute
{
    private readonly Dictionary<BlockId, (long Clock, List<StepLoss> Losses)> members = [];

    /// <summary>The steps that were made, each as <c>1@0 2@0</c>.</summary>
    public ConcurrentQueue<string> Steps { get; } = [];

    /// <summary>States that were read, with the clock of each.</summary>
    public ConcurrentQueue<(BlockId Block, long From)> Joined { get; } = [];

    /// <summary>Called before each step, to fail or to look.</summary>
    public Action<IReadOnlyList<StackStep>> OnStep { get; set; } = _ => { };

    /// <summary>Loss of a step.</summary>
    public Func<long, float> Loss { get; set; } = step => step;

    public bool IsDisposed { get; private set; }

    public long? Clock(BlockId block) => members.TryGetValue(block, out (long Clock, List<StepLoss>) member) ? member.Clock : null;

    public void Join(BlockId block, Snapshot? from)
    {
        Joined.Enqueue((block, from?.Clock ?? 0));
        members[block] = (from?.Clock ?? 0, []);
    }

    public void Leave(BlockId block) => members.Remove(block);

    public void Step(IReadOnlyList<StackStep> steps)
    {
        OnStep(steps);
        Steps.Enqueue(string.Join(' ', steps.OrderBy(step => step.Block.Value).Select(step => $"{step.Block.Value}@{step.Batch.Step}")));
        foreach (StackStep step in steps)
        {
            (long clock, List<StepLoss> losses) = members[step.Block];
            if (clock != step.Batch.Step)
            {
                throw new InvalidOperationException($"batch {step.Batch.Step} at step {clock}");
            }

            losses.Add(new(Loss(clock), 0));
            members[step.Block] = (clock + 1, losses);
        }
    }

    public ImmutableArray<StepLoss> ReadLosses(BlockId block)
    {
        List<StepLoss> losses = members[block].Losses;
        ImmutableArray<StepLoss> read = [.. losses];
        losses.Clear();
        return read;
    }

    public Snapshot Snapshot(BlockId block) => FakeMethod.State(block, members[block].Clock);

    public void Dispose() => IsDisposed = true;
}
