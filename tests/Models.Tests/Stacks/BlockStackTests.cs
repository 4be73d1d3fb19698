using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using NoProp.Models.Stacks;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Stacks;

/// <summary>Blocks that train together end near what each of them ends with alone.</summary>
public sealed class BlockStackTests : IDisposable
{
    private static readonly NetworkSettings Compact = TestData.Tiny with { Channels = [16, 16] };

    private static readonly NetworkSettings Paper =
        NetworkSettings.Paper with { Channels = [16, 16, 16], ImageFeatures = 8, LabelFeatures = 8, Hidden = [16, 12] };

    // A normalisation follows these and takes them away again, and its running mean with them. Their gradient is rounding alone, of which Adam makes steps.
    private static readonly string[] WithoutEffect = ["image.output.bias", "image.norm.bias", "label.norm3.bias", "fused.fc1.bias", "fused.fc2.bias"];

    private static readonly BlockId First = new(1), Second = new(2), Third = new(3);

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(false, OptimiserKind.AdamW)]
    [InlineData(false, OptimiserKind.Adam)]
    [InlineData(true, OptimiserKind.AdamW)]
    public void Blocks_at_the_same_step_train_as_each_of_them_alone(bool paper, OptimiserKind optimiser)
    {
        using Pair pair = new(paper, optimiser);
        pair.Join(First);
        pair.Join(Second);
        pair.Join(Third);

        pair.Step(4, First, Second, Third);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_at_different_steps_train_as_each_of_them_alone(bool paper)
    {
        using Pair pair = new(paper);
        pair.Join(First);
        pair.Step(3, First);
        pair.Join(Second);
        pair.Step(1, First, Second);
        pair.Join(Third);

        pair.Step(3, First, Second, Third);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Some_of_the_blocks_step_and_the_others_stay_as_they_are(bool paper)
    {
        using Pair pair = new(paper);
        pair.Join(First);
        pair.Join(Second);
        pair.Join(Third);

        pair.Step(2, First, Third);
        pair.Step(2, Second);
        pair.Step(1, Third, Second);
        pair.Step(1, First, Second, Third);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_block_that_leaves_makes_room_for_another(bool paper)
    {
        using Pair pair = new(paper);
        pair.Join(First);
        pair.Join(Second);
        pair.Step(2, First, Second);
        pair.Leave(First);
        pair.Step(1, Second);

        pair.Join(Third);
        pair.Step(2, Second, Third);
        pair.Join(First);
        pair.Step(2, First, Second, Third);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mini_batches_of_different_size_step_together(bool paper)
    {
        using Pair pair = new(paper) { ShortBatch = 1 };
        pair.Join(First);
        pair.Step(1, First);
        pair.Join(Second);
        pair.Join(Third);

        // The first block is at the short batch, then the others are.
        pair.Step(3, First, Second, Third);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_losses_are_those_of_each_block_alone_and_are_given_once(bool paper)
    {
        using Pair pair = new(paper);
        pair.Join(First);
        pair.Join(Second);

        pair.Step(2, First, Second);

        pair.AssertLosses(First, Second);
        Assert.Empty(pair.Stack.ReadLosses(First));
        pair.Step(1, Second);
        pair.AssertLosses(Second);
    }

    [Fact]
    public void Products_are_rounded_as_those_of_each_block_alone()
    {
        float Loss(Precision precision, bool stacked)
        {
            DiscreteTime method = TestData.Method(Compact with { Precision = precision });
            if (!stacked)
            {
                using IBlockCompute single = method.CreateBlock(First, from: null);
                return single.Step(Batch(0, paper: false)).Loss;
            }

            using IStackCompute stack = method.Stacks!(default);
            stack.Join(First, from: null);
            stack.Join(Second, from: null);
            stack.Step([new(First, Batch(0, paper: false)), new(Second, Batch(0, paper: false))]);
            return stack.ReadLosses(First)[0].Loss;
        }

        float rounded = Loss(Precision.Bf16, stacked: true);
        Assert.NotEqual(Loss(Precision.Float32, stacked: true), rounded);
        Assert.Equal(Loss(Precision.Bf16, stacked: false), rounded, rounded * 1e-4);
    }

    [Theory]
    [InlineData(4, 8)]
    [InlineData(20, 24)]
    public void Any_number_of_channels_trains_as_each_block_alone(int first, int second)
    {
        using Pair pair = new(paper: false, network: Compact with { Channels = [first, second] });
        pair.Join(First);
        pair.Join(Second);

        pair.Step(3, First, Second);

        pair.AssertNear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_snapshot_goes_into_a_stack_and_out_of_it_bit_for_bit(bool paper)
    {
        DiscreteTime method = Method(paper);
        using IBlockCompute single = method.CreateBlock(Second, from: null);
        single.Step(Batch(0, paper));
        single.Step(Batch(1, paper));
        using IStackCompute stack = method.Stacks!(default);
        stack.Join(First, from: null);
        stack.Join(Second, single.Snapshot());
        stack.Step([new(First, Batch(0, paper))]);

        Snapshot stacked = stack.Snapshot(Second);
        using IBlockCompute again = method.CreateBlock(Second, stacked);

        Assert.Equal(single.Snapshot().Bits(), stacked.Bits());
        Assert.Equal((single.Snapshot().Name, 2), (stacked.Name, stacked.Clock));
        Assert.Equal(single.Snapshot().Bits(), again.Snapshot().Bits());
    }

    [Fact]
    public void A_block_begins_with_the_weights_that_it_has_alone()
    {
        DiscreteTime method = Method(paper: true);
        using IBlockCompute single = method.CreateBlock(Third, from: null);
        using IStackCompute stack = method.Stacks!(default);

        stack.Join(First, from: null);
        stack.Join(Third, from: null);

        Assert.Equal(single.Snapshot().Bits(), stack.Snapshot(Third).Bits());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_company_twice_gives_the_same_bits_in_whatever_order_it_came(bool paper)
    {
        string[] Train(params BlockId[] order)
        {
            using IStackCompute stack = Method(paper).Stacks!(default);
            Array.ForEach(order, block => stack.Join(block, from: null));
            for (long step = 0; step < 3; step++)
            {
                stack.Step([.. order.Select(block => new StackStep(block, Batch(step, paper)))]);
            }

            return [.. order.OrderBy(block => block.Value).Select(block => stack.Snapshot(block).Bits())];
        }

        Assert.Equal(Train(First, Second, Third), Train(Third, First, Second));
    }

    [Fact]
    public void A_block_at_another_step_is_refused_before_anything_is_trained()
    {
        using IStackCompute stack = Method(paper: false).Stacks!(default);
        stack.Join(First, from: null);
        stack.Join(Second, from: null);

        Assert.Throws<InvalidOperationException>(() => stack.Step([new(First, Batch(0, false)), new(Second, Batch(1, false))]));
        Assert.Throws<InvalidOperationException>(() => stack.Step([new(First, Batch(0, false)), new(First, Batch(0, false))]));
        Assert.Throws<InvalidOperationException>(() => stack.Step([new(Third, Batch(0, false))]));
        Assert.Equal((0, 0, null), (stack.Clock(First), stack.Clock(Second), stack.Clock(Third)));
    }

    [Fact]
    public void A_snapshot_of_another_network_is_refused_and_the_block_that_is_there_stays()
    {
        using IStackCompute stack = Method(paper: false).Stacks!(default);
        stack.Join(First, from: null);
        stack.Step([new(First, Batch(0, false))]);
        using IBlockCompute other = TestData.Method(Compact with { Hidden = [17] }).CreateBlock(First, from: null);

        Assert.Throws<NoPropException>(() => stack.Join(First, other.Snapshot()));

        Assert.Equal(1, stack.Clock(First));
    }

    [Fact]
    public void Blocks_that_share_a_learned_embedding_or_have_replicas_cannot_be_stacked()
    {
        TrainingSettings settings = TestData.Settings();

        Assert.NotNull(new DiscreteTime(settings, TestData.Digit, TestData.Classes).Stacks);
        Assert.Null(new DiscreteTime(settings with { Replicas = 2 }, TestData.Digit, TestData.Classes).Stacks);
        Assert.Null(new DiscreteTime(settings with { Embedding = new(EmbeddingKind.Learned, 6) }, TestData.Digit, TestData.Classes).Stacks);
        Assert.Null(((IMethod)new FlowMatching(settings, TestData.Digit, TestData.Classes)).Stacks);
    }

    private static DiscreteTime Method(bool paper, OptimiserKind optimiser = OptimiserKind.AdamW, NetworkSettings? network = null) =>
        new(TestData.Settings(network ?? (paper ? Paper : Compact)) with { Optimiser = optimiser }, paper ? TestData.Mnist : TestData.Digit, TestData.Classes);

    private static Batch Batch(long step, bool paper, int count = 16) => TestData.RandomBatch(step, paper ? TestData.Mnist : TestData.Digit, count);

    /// <summary>A stack, and the same blocks one by one.</summary>
    private sealed class Pair(bool paper, OptimiserKind optimiser = OptimiserKind.AdamW, NetworkSettings? network = null) : IDisposable
    {
        private readonly DiscreteTime method = Method(paper, optimiser, network);
        private readonly Dictionary<BlockId, IBlockCompute> singles = [];
        private readonly Dictionary<BlockId, List<StepLoss>> losses = [];

        public IStackCompute Stack { get; } = Method(paper, optimiser, network).Stacks!(default);

        /// <summary>Step whose mini-batch is smaller than the others.</summary>
        public long? ShortBatch { get; init; }

        /// <summary>Takes a block in, where the one by one has got to.</summary>
        public void Join(BlockId block)
        {
            if (!singles.TryGetValue(block, out IBlockCompute? single))
            {
                singles.Add(block, single = method.CreateBlock(block, from: null));
            }

            losses[block] = [];
            Stack.Join(block, single.Clock == 0 ? null : single.Snapshot());
        }

        public void Leave(BlockId block) => Stack.Leave(block);

        public void Step(int steps, params BlockId[] blocks)
        {
            for (int i = 0; i < steps; i++)
            {
                Stack.Step([.. blocks.Select(block => new StackStep(block, Next(block)))]);
                foreach (BlockId block in blocks)
                {
                    losses[block].Add(singles[block].Step(Next(block)));
                }
            }
        }

        public void AssertNear()
        {
            foreach ((BlockId block, IBlockCompute single) in singles)
            {
                Snapshot expected = single.Snapshot();
                Snapshot actual = Stack.Snapshot(block);
                Assert.Equal((expected.Name, expected.Clock), (actual.Name, actual.Clock));
                IEnumerable<string> names = SafetensorsFile.Parse(expected.Safetensors, expected.Name).Entries.Keys;
                Assert.All(
                    names.Where(name => !paper || !WithoutEffect.Any(bias => name.EndsWith(bias, StringComparison.Ordinal))),
                    name => Near(expected.Values(name), actual.Values(name), name.EndsWith("running_mean", StringComparison.Ordinal) ? 0.1 : 1e-5));
            }

            AssertLosses([.. singles.Keys]);
        }

        public void AssertLosses(params BlockId[] blocks)
        {
            foreach (BlockId block in blocks)
            {
                StepLoss[] actual = [.. Stack.ReadLosses(block)];
                Near([.. losses[block].SelectMany(loss => new[] { loss.Loss, loss.SquaredError })], [.. actual.SelectMany(loss => new[] { loss.Loss, loss.SquaredError })]);
                losses[block].Clear();
            }
        }

        public void Dispose()
        {
            Stack.Dispose();
            foreach (IBlockCompute single in singles.Values)
            {
                single.Dispose();
            }
        }

        private Batch Next(BlockId block) => Batch(singles[block].Clock, paper, singles[block].Clock == ShortBatch ? 5 : 16);

        // Of a tensor as a whole: where a gradient is almost nothing, Adam makes a step of the rounding of it.
        private static void Near(float[] expected, float[] actual, double tolerance = 1e-5)
        {
            Assert.Equal(expected.Length, actual.Length);
            double distance = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum());
            Assert.InRange(distance, 0, tolerance * Math.Sqrt(expected.Sum(value => (double)value * value)));
        }
    }
}
