using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Replicas;
using TorchSharp;

namespace NoProp.Actors.Replaying;

/// <summary>Makes the replicas of one block again that local SGD has brought together: at which steps follows from the steps alone, so that no log is needed.</summary>
internal static class ReplicaReplay
{
    /// <summary>Trains all replicas of a block, from meeting to meeting.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="batches">Mini-batches by step, as the run had them.</param>
    /// <param name="rule">The policy of replicas.</param>
    /// <param name="block">The block.</param>
    /// <param name="clocks">Steps of each replica.</param>
    /// <param name="met">Its step at the last meeting.</param>
    /// <param name="progress">Told after each step.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>States of the replicas, without those at their beginning, then of their centre, where they have met.</returns>
    public static ImmutableArray<Snapshot> Run(
        IMethod method, BatchSource batches, LocalSgd rule, BlockId block, ReadOnlySpan<long> clocks, long met, Action? progress, CancellationToken cancellation)
    {
        Snapshot?[] states = new Snapshot?[clocks.Length];
        BlockCenter center = new(block, clocks.Length, rule, () => throw new InvalidOperationException("means need no beginning"), from: null);
        Snapshot? mean = null;
        long clock = 0;
        bool meets;
        do
        {
            long next = rule.NextMeeting(clock, batches.StepsPerEpoch / clocks.Length);
            meets = next <= met;
            for (int i = 0; i < states.Length; i++)
            {
                states[i] = Train(new(block.Index * states.Length + i + 1), states[i], Math.Min(next, clocks[i]));
            }

            for (int i = 0; meets && i < states.Length; i++)
            {
                if (center.Arrive(i, states[i]!) is { } meeting)
                {
                    mean = meeting.Center;
                    states = [.. meeting.Replicas.Select(pair => pair.State)];
                }
            }

            clock = next;
        }
        while (meets);

        return [.. states.OfType<Snapshot>(), .. mean is null ? (Snapshot[])[] : [mean]];

        Snapshot? Train(BlockId replica, Snapshot? from, long to)
        {
            if ((from?.Clock ?? 0) == to)
            {
                return from;
            }

            using IBlockCompute compute = method.CreateBlock(replica, from);
            while (compute.Clock < to)
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = torch.NewDisposeScope();
                using Batch batch = batches.Prepare(method.BatchStep(replica, compute.Clock));
                compute.Step(batch);
                progress?.Invoke();
            }

            return compute.Snapshot();
        }
    }
}
