using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

public sealed class PlainLoopTests : IDisposable
{
    private const int Blocks = 3;
    private const int Epochs = 2;
    private const int StepsPerEpoch = 4;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Dataset digits = Digits.Load(trainLimit: StepsPerEpoch * 32);

    public void Dispose()
    {
        digits.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void The_same_run_twice_has_the_same_hash() => Assert.Equal(WeightsHash.Sha256(Train(1)), WeightsHash.Sha256(Train(1)));

    [Fact]
    public void Another_seed_has_another_hash() => Assert.NotEqual(WeightsHash.Sha256(Train(1)), WeightsHash.Sha256(Train(2)));

    [Fact]
    public void The_snapshots_are_those_of_the_blocks_in_order_and_then_of_the_head() =>
        Assert.Equal(["block-01", "block-02", "block-03", "head"], Train(1).Select(snapshot => snapshot.Name));

    [Fact]
    public void Algorithm_1_steps_every_block_once_for_each_batch_and_the_head_once_for_each_block_step()
    {
        const long steps = Epochs * StepsPerEpoch;

        Assert.Equal([steps, steps, steps, Blocks * steps], Train(1).Select(snapshot => snapshot.Clock));
    }

    [Fact]
    public void Algorithm_1_trains_block_after_block_in_every_epoch()
    {
        List<int> order = [];

        Train(1, (block, _) => order.Add(block.Value));

        int[] epoch = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3];
        Assert.Equal([.. epoch, .. epoch], order);
    }

    [Fact]
    public void Each_block_on_its_own_and_the_head_by_its_order_give_the_same_bits()
    {
        DiscreteTime method = TestData.Method(blocks: Blocks);
        BatchSource batches = Source(1);
        List<Snapshot> apart = [];
        foreach (BlockId id in BlockId.UpTo(Blocks).Reverse())
        {
            using IBlockCompute block = method.CreateBlock(id, null);
            for (int step = 0; step < Epochs * StepsPerEpoch; step++)
            {
                using Batch batch = batches.Prepare(step);
                block.Step(batch);
            }

            apart.Add(block.Snapshot());
        }

        using IHeadCompute head = method.CreateHead(null);
        for (int step = 0; step < Blocks * Epochs * StepsPerEpoch; step++)
        {
            using Tensor labels = batches.Labels(HeadOrder.BatchStep(step, Blocks, batches.StepsPerEpoch));
            head.Step(labels);
        }

        apart.Add(head.Snapshot());
        Assert.Equal(
            Train(1).Select(snapshot => snapshot.Bits()),
            apart.OrderBy(snapshot => snapshot.Name, StringComparer.Ordinal).Select(snapshot => snapshot.Bits()));
    }

    [Fact]
    public void A_callback_does_not_change_the_run() =>
        Assert.Equal(WeightsHash.Sha256(Train(1)), WeightsHash.Sha256(Train(1, (_, _) => { })));

    private BatchSource Source(ulong seed) => new(digits, seed, 32);

    private IReadOnlyList<Snapshot> Train(ulong seed, Action<BlockId, StepLoss>? onStep = null) =>
        PlainLoop.Train(TestData.Method(blocks: Blocks, seed: seed), Source(seed), Epochs, onStep);
}
