using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Replicas;
using TorchSharp;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Replicas of blocks that share nothing but local SGD's meetings, in a plain loop: the reference for runs with actors.</summary>
internal static class ReplicaLoop
{
    /// <summary>SHA-256 of the weights: the means of the last meeting, and the head.</summary>
    public static string LocalSgdWeights(RunPlan plan, int steps) => LocalSgdWeights(plan, (_, _) => steps);

    /// <summary>The same where the steps between meetings change.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="steps">Steps between meetings of a block, after so many steps of its replicas.</param>
    public static string LocalSgdWeights(RunPlan plan, Func<BlockId, long, int> steps)
    {
        TorchRuntime.Load();
        TorchRuntime.UseOneThread();
        ReplicatedMethod method = new(MethodCatalog.Create(plan.Settings.Training, plan.Dataset), plan.Replicas);
        List<Snapshot> snapshots = [.. BlockId.UpTo(method.Blocks / plan.Replicas).Select(block => Train(plan, method, block, clock => steps(block, clock))), Head(plan, method)];
        return WeightsHash.Sha256(snapshots);
    }

    /// <summary>The state of one replica that never meets another one.</summary>
    public static Snapshot Alone(RunPlan plan, BlockId block, int replica)
    {
        TorchRuntime.Load();
        TorchRuntime.UseOneThread();
        ReplicatedMethod method = new(MethodCatalog.Create(plan.Settings.Training, plan.Dataset), plan.Replicas);
        BatchSource batches = plan.Batches();
        using IBlockCompute compute = method.CreateBlock(Unit(plan, block, replica), from: null);
        for (long k = 0; k < Target(plan); k++)
        {
            Step(compute, batches, k * plan.Replicas + replica);
        }

        return compute.Snapshot();
    }

    private static Snapshot Train(RunPlan plan, ReplicatedMethod method, BlockId block, Func<long, int> steps)
    {
        BatchSource batches = plan.Batches();
        Snapshot?[] states = new Snapshot?[plan.Replicas];
        for (long k = 0; k < Target(plan);)
        {
            long epochEnd = (k / plan.BlockStepsPerEpoch + 1) * plan.BlockStepsPerEpoch;
            long epochBegin = epochEnd - plan.BlockStepsPerEpoch;
            long meeting = Math.Min(epochBegin + ((k - epochBegin) / steps(k) + 1) * steps(k), epochEnd);
            for (int r = 0; r < plan.Replicas; r++)
            {
                using IBlockCompute compute = method.CreateBlock(Unit(plan, block, r), states[r]);
                for (long at = k; at < meeting; at++)
                {
                    Step(compute, batches, at * plan.Replicas + r);
                }

                states[r] = compute.Snapshot();
            }

            byte[] mean = Mean(states!);
            states = [.. states.Select(state => state! with { Safetensors = mean })];
            k = meeting;
        }

        return states[0]! with { Name = block.FileName };
    }

    private static Snapshot Head(RunPlan plan, ReplicatedMethod method)
    {
        BatchSource batches = plan.Batches();
        using IHeadCompute head = method.CreateHead(from: null);
        for (long i = 0; i < plan.TotalSteps; i++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            using torch.Tensor labels = batches.Labels(HeadOrder.BatchStep(i, method.Blocks / plan.Replicas, batches.StepsPerEpoch));
            head.Step(labels, new());
        }

        return head.Snapshot();
    }

    private static byte[] Mean(Snapshot[] states)
    {
        byte[][] files = [.. states.Select(state => state.Safetensors.ToArray())];
        int data = sizeof(long) + (int)BitConverter.ToInt64(files[0]);
        Span<float> first = MemoryMarshal.Cast<byte, float>(files[0].AsSpan(data));
        for (int i = 0; i < first.Length; i++)
        {
            double sum = 0;
            foreach (byte[] file in files)
            {
                sum += MemoryMarshal.Cast<byte, float>(file.AsSpan(data))[i];
            }

            first[i] = (float)(sum / files.Length);
        }

        return files[0];
    }

    private static void Step(IBlockCompute compute, BatchSource batches, long step)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using Batch batch = batches.Prepare(step);
        compute.Step(batch, null);
    }

    private static long Target(RunPlan plan) => (long)plan.BlockStepsPerEpoch * plan.Settings.Epochs;

    private static BlockId Unit(RunPlan plan, BlockId block, int replica) => new(block.Index * plan.Replicas + replica + 1);
}
