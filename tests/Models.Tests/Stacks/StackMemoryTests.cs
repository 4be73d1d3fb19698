using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Stacks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Stacks;

/// <summary>What a stack keeps, and what it does not touch.</summary>
[Collection(ProcessWideCollection.Name)]
public sealed class StackMemoryTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method(
        NetworkSettings.Paper with { Channels = [16, 16, 16], ImageFeatures = 8, LabelFeatures = 8, Hidden = [16, 12] }, TestData.Mnist);

    public void Dispose() => scope.Dispose();

    [Fact]
    public void A_stack_that_ends_keeps_no_tensor_alive()
    {
        Train();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        Train();

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Steps_keep_nothing_but_their_losses_until_these_are_read()
    {
        using DisposeScope test = NewDisposeScope();
        using IStackCompute stack = method.Stacks!(default);
        stack.Join(new BlockId(1), from: null);
        stack.Join(new BlockId(2), from: null);
        Step(stack, 0, 1, 2);
        Read(stack);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        Step(stack, 1, 1, 2);
        Step(stack, 2, 1, 2);
        long unread = Tensor.TotalCount;
        Read(stack);

        Assert.Equal((before + 4, before), (unread, Tensor.TotalCount));
    }

    [Fact]
    public void Training_leaves_libtorchs_generator_alone()
    {
        byte[] before = random.get_rng_state().Bits();

        Train();

        Assert.Equal(before, random.get_rng_state().Bits());
    }

    private static void Read(IStackCompute stack)
    {
        stack.ReadLosses(new BlockId(1));
        stack.ReadLosses(new BlockId(2));
    }

    private static void Step(IStackCompute stack, long step, params int[] blocks)
    {
        using DisposeScope made = NewDisposeScope();
        using Batch batch = TestData.RandomBatch(step, TestData.Mnist, 8);
        stack.Step([.. blocks.Select(block => new StackStep(new BlockId(block), batch))]);
    }

    private void Train()
    {
        using IStackCompute stack = method.Stacks!(default);
        stack.Join(new BlockId(1), from: null);
        stack.Join(new BlockId(2), from: null);
        Step(stack, 0, 1, 2);
        Snapshot state = stack.Snapshot(new BlockId(2));
        stack.Leave(new BlockId(1));
        stack.Join(new BlockId(2), state);
        stack.Join(new BlockId(3), from: null);
        Step(stack, 0, 3);
    }
}
