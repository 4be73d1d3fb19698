using System.Collections.Immutable;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Actors.Tests.Inference;

/// <summary>States of blocks and of the head after a few steps.</summary>
internal static class ChainStates
{
    public static ImmutableArray<Snapshot> Of(RunPlan plan, int steps)
    {
        TorchRuntime.Load();
        using IHeadCompute head = plan.Method.CreateHead(null);
        Snapshot shared = head.Snapshot();
        return [.. BlockId.UpTo(plan.Method.Blocks).Select(block => OfBlock(plan, block, steps)), shared];
    }

    private static Snapshot OfBlock(RunPlan plan, BlockId block, int steps)
    {
        BatchSource batches = plan.Batches();
        using IBlockCompute compute = plan.Method.CreateBlock(block, null);
        for (int step = 0; step < (plan.Method.Coupled ? 0 : steps); step++)
        {
            using Batch batch = batches.Prepare(step);
            compute.Step(batch);
        }

        return compute.Snapshot();
    }
}
