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
    /// <summary>Trains each block in turn, then the head.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="batches">Mini-batches by step, as the run had them.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="policies">Policies of the run: those of the head count.</param>
    /// <param name="clocks">Steps of each block, or of each replica, by <see cref="BlockId.Index"/>.</param>
    /// <param name="met">Where blocks have replicas, the step of each block's last meeting; they are brought together by local SGD.</param>
    /// <param name="headSteps">Steps of blocks that the head has followed, where it was behind them; null where it was not.</param>
    /// <param name="progress">Told after each step of a block.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>States of the blocks in order, without those at their beginning, and of the head; where blocks have replicas, of all of them and of their centres.</returns>
    public static ImmutableArray<Snapshot> Run(
        IMethod method, BatchSource batches, ulong seed, PolicySet policies, IReadOnlyList<long> clocks, IReadOnlyList<long>? met = null, long? headSteps = null, Action? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.UseOneThread();
        ImmutableArray<Snapshot>.Builder snapshots = ImmutableArray.CreateBuilder<Snapshot>();
        if (method.Replicas > 1)
        {
            long[][] replicas = [.. clocks.Chunk(method.Replicas)];
            foreach (BlockId block in BlockId.UpTo(replicas.Length))
            {
                snapshots.AddRange(ReplicaReplay.Run(
                    method, batches, (LocalSgd)policies.Replicas, block, replicas[block.Index], met![block.Index], progress, cancellation));
            }
        }

        foreach (BlockId block in BlockId.UpTo(method.Replicas > 1 ? 0 : method.Blocks).Where(block => clocks[block.Index] > 0))
        {
            using IBlockCompute compute = method.CreateBlock(block, from: null);
            while (compute.Clock < clocks[block.Index])
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = torch.NewDisposeScope();
                using Batch batch = batches.Prepare(compute.Clock);
                compute.Step(batch);
                progress?.Invoke();
            }

            snapshots.Add(compute.Snapshot());
        }

        using SharedServer head = new(method, batches, seed, policies, from: null);
        while (head.BlockSteps < (headSteps ?? clocks.Sum()))
        {
            head.TakeNothing();
        }

        snapshots.Add(head.Snapshot());
        return snapshots.ToImmutable();
    }
}
