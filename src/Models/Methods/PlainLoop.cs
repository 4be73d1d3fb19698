using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Training;
using TorchSharp;

namespace NoProp.Models.Methods;

/// <summary>Algorithm 1 as it stands in the paper: one thread, no actors. The reference that every other way to train is compared with.</summary>
public static class PlainLoop
{
    /// <summary>Trains all blocks and the head.</summary>
    /// <param name="method">What is trained.</param>
    /// <param name="batches">Mini-batches by step.</param>
    /// <param name="epochs">Passes over the training set.</param>
    /// <param name="onStep">Called after each block step.</param>
    /// <param name="device">Where the blocks compute.</param>
    /// <returns>Snapshots of the blocks in order, then of the head.</returns>
    public static IReadOnlyList<Snapshot> Train(IMethod method, BatchSource batches, int epochs, Action<BlockId, StepLoss>? onStep = null, ComputeDevice device = default)
    {
        IBlockCompute[] blocks = [.. BlockId.UpTo(method.Blocks).Select(block => method.CreateBlock(block, from: null, device))];
        IHeadCompute head = method.CreateHead(from: null);
        try
        {
            for (int epoch = 0; epoch < epochs; epoch++)
            {
                foreach (BlockId block in BlockId.UpTo(method.Blocks))
                {
                    for (int i = 0; i < batches.StepsPerEpoch; i++)
                    {
                        using DisposeScope scope = torch.NewDisposeScope();
                        using Batch batch = batches.Prepare((long)epoch * batches.StepsPerEpoch + i);
                        SharedVersion? version = method.Coupled ? head.Shared : null;
                        BlockStep step = blocks[block.Index].StepAndRead(batch, version);
                        onStep?.Invoke(block, step.Loss);
                        head.Step(batch.Labels, version is null ? null : new SharedGradient(block, batch.Step, version.Version, step.SharedGradient));
                    }
                }
            }

            return [.. blocks.Select(block => block.Snapshot()), head.Snapshot()];
        }
        finally
        {
            head.Dispose();
            foreach (IBlockCompute block in blocks)
            {
                block.Dispose();
            }
        }
    }
}
