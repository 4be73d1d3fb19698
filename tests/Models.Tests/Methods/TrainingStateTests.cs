using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Methods;

public sealed class TrainingStateTests : IDisposable
{
    private static readonly BlockId Block = new(2);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly DiscreteTime method = TestData.Method();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void A_compact_block_goes_on_from_its_snapshot_bit_for_bit() =>
        AssertGoesOn(TestData.Method(NetworkSettings.Compact), TestData.Digit, 32);

    /// <summary>With dropout, whose masks follow the clock, and with running statistics.</summary>
    [Fact]
    public void A_paper_block_goes_on_from_its_snapshot_bit_for_bit() =>
        AssertGoesOn(TestData.Method(NetworkSettings.Paper, TestData.Mnist), TestData.Mnist, 64);

    [Fact]
    public void A_head_goes_on_from_its_snapshot_bit_for_bit()
    {
        using IHeadCompute first = method.CreateHead(null);
        Train(first, 3);
        using IHeadCompute second = method.CreateHead(first.Snapshot());

        Train(first, 3);
        Train(second, 3);

        Assert.Equal(first.Snapshot().Bits(), second.Snapshot().Bits());
    }

    [Fact]
    public void A_snapshot_keeps_its_bytes_when_training_goes_on()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        Snapshot snapshot = block.Snapshot();
        string before = snapshot.Bits();

        Train(block, TestData.Digit, 8, 1);

        Assert.Equal(before, snapshot.Bits());
    }

    [Fact]
    public void A_snapshot_over_a_spare_one_is_the_same_in_its_memory()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        Snapshot spare = block.Snapshot();
        Train(block, TestData.Digit, 8, 1);
        string expected = block.Snapshot().Bits();

        Snapshot snapshot = block.Snapshot(spare);

        Assert.Equal(expected, snapshot.Bits());
        Assert.Equal(spare.Safetensors, snapshot.Safetensors);
    }

    [Fact]
    public void A_spare_snapshot_of_another_size_is_left_alone()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        Snapshot spare = new("block-02", 0, new byte[100]);

        Assert.Equal(block.Snapshot().Bits(), block.Snapshot(spare).Bits());
        Assert.Equal(new byte[100], spare.Safetensors.ToArray());
    }

    [Fact]
    public void A_snapshot_bears_the_name_of_its_owner()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        using IHeadCompute head = method.CreateHead(null);

        Assert.Equal(("block-02", "head"), (block.Snapshot().Name, head.Snapshot().Name));
    }

    [Fact]
    public void A_snapshot_holds_weights_running_statistics_and_moments_by_name()
    {
        using IBlockCompute block = TestData.Method(NetworkSettings.Paper, TestData.Mnist).CreateBlock(Block, null);
        using Denoiser network = TestData.Method(NetworkSettings.Paper, TestData.Mnist).CreateNetwork(Block);
        string[] weights = [.. network.Parameters.Weights.Select(weight => weight.Name)];
        string[] statistics = [.. network.Parameters.Statistics.Select(statistic => statistic.Name)];

        Snapshot snapshot = block.Snapshot();

        string[] expected =
        [
            .. weights,
            .. statistics,
            .. weights.Select(name => "optimizer.exp_avg." + name),
            .. weights.Select(name => "optimizer.exp_avg_sq." + name),
        ];
        Assert.Equal(expected, SafetensorsFile.Parse(snapshot.Safetensors, snapshot.Name).Entries.Keys);
    }

    [Theory]
    [InlineData("wider channels", "image.conv2.weight")]
    [InlineData("wider label", "label.fc1.weight")]
    [InlineData("wider hidden layer", "fused.fc1.weight")]
    [InlineData("no hidden layer", "fused.fc1.weight")]
    [InlineData("one more hidden layer", "fused.fc2.weight")]
    public void Training_refuses_the_snapshot_of_another_network_and_names_the_tensor(string other, string tensor)
    {
        using IBlockCompute block = TestData.Method(Network(other)).CreateBlock(Block, null);

        NoPropException refusal = Assert.Throws<NoPropException>(() => method.CreateBlock(Block, block.Snapshot()));

        Assert.Contains(tensor, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wider channels", "image.conv2.weight")]
    [InlineData("one more hidden layer", "fused.fc2.weight")]
    public void Inference_refuses_the_snapshot_of_another_network_and_names_the_tensor(string other, string tensor)
    {
        using IBlockCompute block = TestData.Method(Network(other)).CreateBlock(Block, null);

        NoPropException refusal = Assert.Throws<NoPropException>(() => method.CreateDenoiser(Block, block.Snapshot()));

        Assert.Contains(tensor, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_refuses_the_snapshot_of_a_block()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);

        NoPropException refusal = Assert.Throws<NoPropException>(() => method.CreateHead(block.Snapshot()));

        Assert.Contains("block-02 was given to head", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_refuses_the_snapshot_of_another_block()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);

        NoPropException refusal = Assert.Throws<NoPropException>(() => method.CreateBlock(new(Block.Value + 1), block.Snapshot()));

        Assert.Contains("block-02 was given to block-03", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_that_was_cut_short_is_refused()
    {
        using IBlockCompute block = method.CreateBlock(Block, null);
        Snapshot whole = block.Snapshot();

        Assert.Throws<NoPropException>(() => method.CreateBlock(Block, whole with { Safetensors = whole.Safetensors[..^4] }));
    }

    private static NetworkSettings Network(string name) => name switch
    {
        "wider channels" => TestData.Tiny with { Channels = [4, 9] },
        "wider label" => TestData.Tiny with { LabelFeatures = 9 },
        "wider hidden layer" => TestData.Tiny with { Hidden = [17] },
        "no hidden layer" => TestData.Tiny with { Hidden = [] },

        // Its snapshot has all that the smaller network wants, in the same shapes.
        "one more hidden layer" => TestData.Tiny with { Hidden = [16, 16] },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    private static void AssertGoesOn(DiscreteTime method, ImageShape shape, int count)
    {
        using IBlockCompute first = method.CreateBlock(Block, null);
        Train(first, shape, count, 2);
        using IBlockCompute second = method.CreateBlock(Block, first.Snapshot());

        Train(first, shape, count, 2);
        Train(second, shape, count, 2);

        Assert.Equal(first.Snapshot().Bits(), second.Snapshot().Bits());
    }

    private static void Train(IBlockCompute block, ImageShape shape, int count, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            block.Step(TestData.RandomBatch(block.Clock, shape, count));
        }
    }

    private static void Train(IHeadCompute head, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            head.Step(TestData.RandomBatch(head.Clock).Labels);
        }
    }
}
