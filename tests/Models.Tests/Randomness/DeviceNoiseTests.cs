using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Randomness;

/// <summary>Numbers drawn by operations on tensors, against the same from one counter at a time.</summary>
public sealed class DeviceNoiseTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    public static TheoryData<ulong, int, long> Addresses => new()
    {
        { 0, 0, 0 },
        { 1, 1, 1 },
        { 42, 3, 1_000_000 },
        { uint.MaxValue, 10, uint.MaxValue },
        { 1ul << 32, 1000, 1L << 32 },
        { 0x243f6a88a4093822, 0xffff, 0x85a308d3_1319 },
        { ulong.MaxValue, (1 << 16) - 1, (1L << 48) - 1 },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public void Words_are_those_of_the_counter(ulong seed, int block, long step)
    {
        NoiseKey key = new(seed, NoiseStream.Dropout, block, step);
        uint[] positions = [0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xdeadbeef, 0xffffffff];

        long[] words = DeviceNoise.Words([key], tensor([.. positions.Select(position => (long)position)])).data<long>().ToArray();

        Assert.Equal(positions.SelectMany(position => Block(key, position)), words);
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public void A_mask_has_the_bits_of_the_CPUs(ulong seed, int block, long step)
    {
        NoiseKey key = new(seed, NoiseStream.Dropout, block, step);

        Assert.All(
            from size in (long[])[1, 3, 4, 31, 32, 101] from offset in (long[])[0, 1, 5, 4 << 10, 3L << 30, 15L << 30, (1L << 34) - 101] select (size, offset),
            at => Assert.Equal(
                Noise.DropoutMask(key, 0.3, [at.size], at.offset).Bits(), DeviceNoise.DropoutMasks([key], 0.3, [([at.size], at.offset)], CPU)[0].Bits()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    [InlineData(0.999)]
    public void A_mask_of_any_probability_has_the_bits_of_the_CPUs(double p)
    {
        NoiseKey key = TestData.Key();

        Assert.Equal(Noise.DropoutMask(key, p, [5, 7], 2).Bits(), DeviceNoise.DropoutMasks([key], p, [([5, 7], 2)], CPU)[0].Bits());
    }

    [Fact]
    public void Masks_that_are_drawn_together_are_those_that_are_drawn_one_by_one()
    {
        (long[] Shape, long Offset)[] masks = [([3, 5], 0), ([2, 3, 4], 1L << 30), ([7], (2L << 30) + 3)];
        NoiseKey key = new(9, NoiseStream.Dropout, 2, 77);

        Tensor[] drawn = DeviceNoise.DropoutMasks([key], 0.4, masks, CPU);

        Assert.All(masks.Zip(drawn), pair =>
        {
            Assert.Equal([1, .. pair.First.Shape], pair.Second.shape);
            Assert.Equal(Noise.DropoutMask(key, 0.4, pair.First.Shape, pair.First.Offset).Bits(), pair.Second.Bits());
        });
    }

    [Fact]
    public void Masks_of_several_blocks_and_steps_are_those_of_each()
    {
        NoiseKey[] keys =
        [
            new(1ul << 40, NoiseStream.Dropout, 1, 5),
            new(1ul << 40, NoiseStream.Dropout, 2, 5),
            new(1ul << 40, NoiseStream.Dropout, 1000, (1L << 40) + 6),
        ];

        Tensor[] drawn = DeviceNoise.DropoutMasks(keys, 0.4, [([3, 5], 1), ([8], 1L << 30)], CPU);

        Assert.Equal(keys.Select(key => Noise.DropoutMask(key, 0.4, [3, 5], 1).Values()), Enumerable.Range(0, 3).Select(i => drawn[0].select(0, i).Values()));
        Assert.Equal(keys.Select(key => Noise.DropoutMask(key, 0.4, [8], 1L << 30).Values()), Enumerable.Range(0, 3).Select(i => drawn[1].select(0, i).Values()));
    }

    [Theory]
    [InlineData(8, NoiseStream.Dropout)]
    [InlineData(7, NoiseStream.Policy)]
    public void Several_seeds_or_streams_are_not_drawn_together(ulong seed, NoiseStream stream) => Assert.Throws<ArgumentException>(() =>
        DeviceNoise.DropoutMasks([new(7, NoiseStream.Dropout), new(seed, stream)], 0.4, [([3], 0)], CPU));

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.0)]
    [InlineData(double.NaN)]
    public void A_dropout_probability_that_is_none_is_refused(double p) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DeviceNoise.DropoutMasks([TestData.Key()], p, [([1], 0)], CPU));

    [Theory]
    [InlineData(-4)]
    [InlineData(1L << 34)]
    public void A_position_beyond_the_sequence_is_refused(long offset) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DeviceNoise.DropoutMasks([TestData.Key()], 0.5, [([1], offset)], CPU));

    [Fact]
    public void An_address_that_does_not_fit_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() =>
        DeviceNoise.DropoutMasks([new NoiseKey(1, NoiseStream.Dropout, 1 << 16)], 0.5, [([1], 0)], CPU));

    private static long[] Block(NoiseKey key, uint position)
    {
        (uint x0, uint x1, uint x2, uint x3) = Philox.At(key, position);
        return [x0, x1, x2, x3];
    }
}
