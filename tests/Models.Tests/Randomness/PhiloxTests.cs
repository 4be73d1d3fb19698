using NoProp.Models.Randomness;
using Xunit;

namespace NoProp.Models.Tests.Randomness;

public sealed class PhiloxTests
{
    // The known answers of Random123, the authors' own library.
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, new uint[] { 0, 0 }, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(
        new uint[] { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
        new uint[] { 0xffffffff, 0xffffffff },
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(
        new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
        new uint[] { 0xa4093822, 0x299f31d0 },
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void The_known_answers_come_out(uint[] counter, uint[] key, uint[] expected)
    {
        (uint x0, uint x1, uint x2, uint x3) = Philox.Block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);

        Assert.Equal((expected[0], expected[1], expected[2], expected[3]), (x0, x1, x2, x3));
    }

    [Fact]
    public void Neighbouring_addresses_have_different_words()
    {
        NoiseKey key = new(7, NoiseStream.BlockInput, 3, 11);
        NoiseKey[] keys =
        [
            key,
            key with { Seed = 8 },
            key with { Seed = 7 + (1ul << 32) },
            key with { Stream = NoiseStream.HeadInput },
            key with { Block = 4 },
            key with { Step = 12 },
            key with { Step = 11 + (1L << 32) },
        ];

        Assert.Equal(keys.Length + 1, keys.Select(k => Philox.At(k, 0)).Append(Philox.At(key, 1)).Distinct().Count());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1 << 16, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1L << 48)]
    public void An_address_that_does_not_fit_is_refused(int block, long step) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Philox.At(new NoiseKey(1, NoiseStream.BlockInput, block, step), 0));
}
