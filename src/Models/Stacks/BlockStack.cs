using System.Collections.Immutable;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Stacks;

/// <summary>What a method makes of the mini-batches of several blocks.</summary>
/// <param name="Loss">The loss of each block's step, [members].</param>
/// <param name="Error">An error that is comparable between blocks and methods, [members].</param>
internal readonly record struct StackedObjective(Tensor Loss, Tensor Error);

/// <summary>Blocks with one network each, all of one shape, that are trained together.</summary>
internal sealed class BlockStack : IStackCompute
{
    private readonly TrainingSettings settings;
    private readonly ComputeDevice device;
    private readonly Func<BlockId, Denoiser> createNetwork;
    private readonly Func<StackedDenoiser, IReadOnlyList<StackStep>, StackedBatch, StackedObjective> objective;
    private readonly StackMemory memory;
    private readonly StackedAdam optimiser;
    private readonly Dictionary<BlockId, Member> members = [];
    private readonly List<Member> rows = [];

    /// <summary>A stack without blocks.</summary>
    /// <param name="settings">Network and optimiser.</param>
    /// <param name="device">Where it computes. Mini-batches come from the CPU or are there already, and snapshots are on the CPU.</param>
    /// <param name="createNetwork">The initial network of a block.</param>
    /// <param name="objective">The objective of some blocks' mini-batches, in the order of the network's members.</param>
    public BlockStack(
        TrainingSettings settings,
        ComputeDevice device,
        Func<BlockId, Denoiser> createNetwork,
        Func<StackedDenoiser, IReadOnlyList<StackStep>, StackedBatch, StackedObjective> objective)
    {
        (this.settings, this.device, this.createNetwork, this.objective) = (settings, device, createNetwork, objective);
        TorchRuntime.ComputeOn(device, isTf32: settings.Network.Precision == Precision.Tf32);
        using Denoiser declared = createNetwork(new BlockId(1));
        memory = new(declared.Parameters, device);
        optimiser = new(settings.Optimiser, settings.LearningRate, settings.WeightDecay);
    }

    public long? Clock(BlockId block) => members.TryGetValue(block, out Member? member) ? member.Clock : null;

    public void Join(BlockId block, Snapshot? from)
    {
        Denoiser network = createNetwork(block);
        Member joined;
        try
        {
            joined = new(network, new TrainingState(block.FileName, [new(network.Parameters)], settings.CreateOptimiser, from));
        }
        catch
        {
            network.Dispose();
            throw;
        }

        Leave(block);
        joined.Row = memory.Add();
        rows.Add(joined);
        members.Add(block, joined);
        memory.Write(joined.Row, joined.State.Memory);
    }

    public void Leave(BlockId block)
    {
        if (members.Remove(block, out Member? member))
        {
            Place(member, rows.Count - 1);
            rows.RemoveAt(rows.Count - 1);
            memory.RemoveLast();
            member.Dispose();
        }
    }

    public void Step(IReadOnlyList<StackStep> steps)
    {
        foreach (StackStep step in steps)
        {
            long clock = Of(step.Block).Clock;
            if (step.Batch.Step != clock)
            {
                throw new InvalidOperationException($"{step.Block} is at step {clock} and was given the batch of step {step.Batch.Step}");
            }
        }

        if (steps.DistinctBy(step => step.Block).Count() != steps.Count)
        {
            throw new InvalidOperationException("a block of a stack makes one step at a time");
        }

        foreach (IGrouping<long, StackStep> ofOneSize in steps.OrderBy(step => step.Block.Value).GroupBy(step => step.Batch.Count))
        {
            StepTogether([.. ofOneSize]);
        }
    }

    public ImmutableArray<StepLoss> ReadLosses(BlockId block)
    {
        List<Tensor> losses = Of(block).Losses;
        if (losses.Count == 0)
        {
            return [];
        }

        using DisposeScope scope = NewDisposeScope();
        float[] values = stack(losses).Floats();
        losses.ForEach(loss => loss.Dispose());
        losses.Clear();
        return [.. values.Chunk(2).Select(pair => new StepLoss(pair[0], pair[1]))];
    }

    public Snapshot Snapshot(BlockId block)
    {
        Member member = Of(block);
        memory.Read(member.Row, member.State.Memory);
        member.State.GoOnFrom(member.Clock);
        return member.State.Snapshot();
    }

    public void Dispose()
    {
        memory.Dispose();
        rows.ForEach(member => member.Dispose());
    }

    private void StepTogether(StackStep[] steps)
    {
        Member[] stepping = [.. steps.Select(step => Of(step.Block))];
        for (int row = 0; row < stepping.Length; row++)
        {
            Place(stepping[row], row);
        }

        using DisposeScope scope = NewDisposeScope();
        StackedParameters parameters = memory.First(stepping.Length);
        StackedObjective result = objective(new StackedDenoiser(parameters, settings.Network), steps, StackedBatch.Of(steps, device));
        IList<Tensor> gradients = autograd.grad([result.Loss.sum()], [.. parameters.Leaves]);
        optimiser.Step(parameters, cat([.. gradients.Select(gradient => gradient.flatten(1))], 1), [.. stepping.Select(member => ++member.Clock)]);
        Tensor losses = stack([result.Loss.detach(), result.Error.detach()], 1);
        foreach (Member member in stepping)
        {
            member.Losses.Add(losses.select(0, member.Row).DetachFromDisposeScope());
        }
    }

    /// <summary>Brings a member to a row, and the one that is there to its row.</summary>
    private void Place(Member member, int row)
    {
        if (member.Row != row)
        {
            memory.Swap(member.Row, row);
            Member other = rows[row];
            (rows[member.Row], rows[row]) = (other, member);
            (other.Row, member.Row) = (member.Row, row);
        }
    }

    private Member Of(BlockId block) => members.TryGetValue(block, out Member? member)
        ? member
        : throw new InvalidOperationException($"{block} is not in the stack");

    /// <param name="network">Its network on the CPU, which its snapshots are read to and written from.</param>
    /// <param name="state">The same with its moments.</param>
    private sealed class Member(Denoiser network, TrainingState state) : IDisposable
    {
        public TrainingState State => state;

        public int Row { get; set; }

        public long Clock { get; set; } = state.Clock;

        /// <summary>Loss and error of the steps that were not asked for yet, [2] on the device.</summary>
        public List<Tensor> Losses { get; } = [];

        public void Dispose()
        {
            Losses.ForEach(loss => loss.Dispose());
            state.Dispose();
            network.Dispose();
        }
    }
}
