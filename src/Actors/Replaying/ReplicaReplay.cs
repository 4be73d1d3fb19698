using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Replicas;
using TorchSharp;

namespace NoProp.Actors.Replaying;

/// <summary>Makes the replicas of one block again where blocks share nothing that they move: the order of their meetings is all that is to be known.</summary>
internal static class ReplicaReplay
{
    /// <summary>Trains all replicas of a block, from meeting to meeting.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="batches">Mini-batches by step, as the run had them.</param>
    /// <param name="schedule">How replicas were brought together.</param>
    /// <param name="block">The block.</param>
    /// <param name="clocks">Steps of each replica.</param>
    /// <param name="meetings">The meetings in their order.</param>
    /// <param name="progress">Told after each step.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>States of the replicas, without those at their beginning, then of their centre, where they have met.</returns>
    public static ImmutableArray<Snapshot> Run(
        IMethod method,
        BatchSource batches,
        ReplicaSchedule schedule,
        BlockId block,
        ReadOnlySpan<long> clocks,
        ImmutableArray<(int Replica, long Step)> meetings,
        Action? progress,
        CancellationToken cancellation)
    {
        Snapshot?[] states = new Snapshot?[clocks.Length];
        BlockCenter center = new(block, clocks.Length, schedule, Initial, from: null);
        Snapshot? newest = null;
        foreach ((int replica, long step) in meetings)
        {
            states[replica] = Train(Replica(replica), states[replica], step);
            if (center.Arrive(replica, states[replica]!) is { } meeting)
            {
                newest = meeting.Center;
                foreach ((int number, Snapshot state) in meeting.Replicas)
                {
                    states[number] = state;
                }
            }
        }

        for (int i = 0; i < states.Length; i++)
        {
            states[i] = Train(Replica(i), states[i], clocks[i]);
        }

        return [.. states.OfType<Snapshot>(), .. newest is null ? (Snapshot[])[] : [newest]];

        BlockId Replica(int number) => new(block.Index * states.Length + number + 1);

        Snapshot Initial()
        {
            using IBlockCompute first = method.CreateBlock(Replica(0), from: null);
            return first.Snapshot();
        }

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
