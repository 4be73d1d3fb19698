using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Replicas;
using TorchSharp;

namespace NoProp.Actors.Replaying;

/// <summary>Makes a run again whose blocks share nothing that they move: in any order the weights are the same, so that no log is needed.</summary>
public static class UncoupledReplay
{
    /// <summary>Trains each block in turn, then the head, for as many steps as they had made: how many the head makes can change during a run.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="batches">Mini-batches by step, as the run had them.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="target">The state to train up to; its weights are not read.</param>
    /// <param name="rule">Where blocks have replicas, how they were brought together if the target says nothing of it.</param>
    /// <param name="progress">Told after each step of a block.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>States of the blocks in order, without those at their beginning, and of the head; where blocks have replicas, of all of them and of their centres.</returns>
    public static ImmutableArray<Snapshot> Run(
        IMethod method, BatchSource batches, ulong seed, Checkpoint target, ReplicaRule? rule = null, Action? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.UseOneThread();
        Dictionary<string, Snapshot> states = target.Snapshots.ToDictionary(snapshot => snapshot.Name);
        ImmutableArray<Snapshot>.Builder snapshots = ImmutableArray.CreateBuilder<Snapshot>();
        ImmutableArray<ReplicaSchedule> schedules = rule is null ? [] : ReplicaSchedules.Of(target, rule, method.Blocks / method.Replicas);
        foreach (BlockId block in BlockId.UpTo(schedules.Length))
        {
            long[] clocks = [.. Enumerable.Range(0, method.Replicas).Select(r => Take(new BlockId(block.Index * method.Replicas + r + 1) { Replicas = method.Replicas })?.Clock ?? 0)];
            ImmutableArray<(int Replica, long Step)> meetings = MeetingOrder.Of(Take(block), schedules[block.Index], method.Replicas, batches.StepsPerEpoch / method.Replicas);
            snapshots.AddRange(ReplicaReplay.Run(method, batches, schedules[block.Index], block, clocks, meetings, progress, cancellation));
        }

        foreach (BlockId block in BlockId.UpTo(rule is null ? method.Blocks : 0))
        {
            if (Take(block) is not { Clock: > 0 } state)
            {
                continue;
            }

            using IBlockCompute compute = method.CreateBlock(block, from: null);
            while (compute.Clock < state.Clock)
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = torch.NewDisposeScope();
                using Batch batch = batches.Prepare(compute.Clock);
                compute.Step(batch);
                progress?.Invoke();
            }

            snapshots.Add(compute.Snapshot());
        }

        long steps = HeadBook.Read(states.Values.SingleOrDefault(), method.Blocks).OwnSteps;
        using SharedServer head = new(method, batches, seed, PolicyCatalog.BuiltIn.Parse(new PolicySettings()), from: null);
        for (long i = 0; i < steps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            head.TakeNothing();
        }

        snapshots.Add(head.Snapshot());
        return snapshots.ToImmutable();

        Snapshot? Take(BlockId block) => states.Remove(block.FileName, out Snapshot? state) ? state : null;
    }
}
