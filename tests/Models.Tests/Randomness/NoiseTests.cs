using NoProp.Models.Randomness;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Randomness;

public sealed class NoiseTests
{
    private static readonly NoiseKey Key = new(42, NoiseStream.BlockInput, 2, 5);

    [Fact]
    public void Normal_numbers_from_any_offset_are_a_slice_of_the_whole()
    {
        float[] whole = Normal(64, 0);

        Assert.All(
            from offset in Enumerable.Range(0, 20) from length in Enumerable.Range(1, 9) select (offset, length),
            slice => Assert.Equal(whole[slice.offset..(slice.offset + slice.length)], Normal(slice.length, slice.offset)));
    }

    [Fact]
    public void Normal_numbers_have_mean_zero()
    {
        // Standard error of the mean of a million: 0.001.
        Assert.InRange(Normal(1_000_000, 0).Average(), -0.005, 0.005);
    }

    [Fact]
    public void Normal_numbers_have_variance_one()
    {
        // Standard error: sqrt(2 / 1e6) = 0.0014.
        Assert.InRange(Normal(1_000_000, 0).Average(x => (double)x * x), 0.993, 1.007);
    }

    [Fact]
    public void Neighbouring_normal_numbers_are_uncorrelated()
    {
        float[] x = Normal(1_000_000, 0);

        // Box-Muller makes them in pairs; standard error 0.001.
        Assert.InRange(x.Zip(x.Skip(1), (a, b) => (double)a * b).Average(), -0.005, 0.005);
    }

    [Fact]
    public void Normal_numbers_lie_below_a_point_as_often_as_they_should()
    {
        // P(x < 1) = 0.841345; standard error 0.0004.
        Assert.InRange(Normal(1_000_000, 0).Count(x => x < 1) / 1e6, 0.8395, 0.8432);
    }

    [Fact]
    public void Normal_numbers_have_the_shape_that_was_asked_for()
    {
        using Tensor noise = Noise.Normal(Key, [3, 5]);

        Assert.Equal([3, 5], noise.shape);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1797)]
    public void A_permutation_holds_every_number_once(int count) =>
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), Noise.Permutation(Key, count).Order());

    [Fact]
    public void A_permutation_of_nothing_is_empty() => Assert.Empty(Noise.Permutation(Key, 0));

    [Fact]
    public void Every_permutation_of_three_is_equally_likely()
    {
        IEnumerable<int> counts = Enumerable.Range(0, 60_000)
            .Select(step => Noise.Permutation(Key with { Step = step }, 3))
            .GroupBy(p => (p[0], p[1], p[2]))
            .Select(group => group.Count());

        // 10,000 each, standard deviation 91.
        Assert.All(counts, count => Assert.InRange(count, 9_550, 10_450));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    [InlineData(0.5)]
    public void A_dropout_mask_drops_its_share(double p)
    {
        float[] mask = Mask(p, 1_000_000, 0);

        // Standard error at most 0.0005.
        Assert.InRange(mask.Count(x => x == 0) / 1e6, p - 0.0025, p + 0.0025);
    }

    [Fact]
    public void What_a_dropout_mask_keeps_is_scaled_up() => Assert.Equal([0f, 1.25f], Mask(0.2, 1000, 0).Distinct().Order());

    [Fact]
    public void A_dropout_mask_from_any_offset_is_a_slice_of_the_whole()
    {
        float[] whole = Mask(0.5, 64, 0);

        Assert.All(Enumerable.Range(0, 20), offset => Assert.Equal(whole[offset..(offset + 7)], Mask(0.5, 7, offset)));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.0)]
    [InlineData(double.NaN)]
    public void A_dropout_probability_that_is_none_is_refused(double p) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Mask(p, 1, 0));

    [Fact]
    public void Uniform_numbers_fill_their_interval()
    {
        float[] x = new float[100_000];
        Noise.FillUniform(Key, x, 0.5f);

        Assert.InRange(x.Min(), -0.5f, -0.4999f);
        Assert.InRange(x.Max(), 0.4999f, 0.5f);
    }

    [Fact]
    public void Choices_are_uniform()
    {
        IEnumerable<int> counts = Enumerable.Range(0, 60_000)
            .GroupBy(step => Noise.Choice(Key with { Step = step }, 6))
            .OrderBy(group => group.Key)
            .Select(group => group.Count());

        Assert.All(counts, count => Assert.InRange(count, 9_550, 10_450));
    }

    [Fact]
    public void A_negative_offset_is_refused() => Assert.ThrowsAny<ArithmeticException>(() => Normal(4, -4));

    private static float[] Normal(int count, long offset)
    {
        using Tensor noise = Noise.Normal(Key, [count], offset);
        return noise.data<float>().ToArray();
    }

    // Eight blocks of four words are drawn at a time, where there are so many.
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(3L << 30)]
    public void A_dropout_mask_drops_where_the_word_of_its_position_is_small(long offset) => Assert.Equal(
        Enumerable.Range(0, 101).Select(i => Word(offset + i) < (uint)(0.3 * uint.MaxValue) ? 0 : (float)(1 / (1 - 0.3))),
        Mask(0.3, 101, offset));

    private static uint Word(long position)
    {
        (uint x0, uint x1, uint x2, uint x3) = Philox.At(Key, (uint)(position / 4));
        return new[] { x0, x1, x2, x3 }[position % 4];
    }

    private static float[] Mask(double p, int count, long offset)
    {
        using Tensor mask = Noise.DropoutMask(Key, p, [count], offset);
        return mask.data<float>().ToArray();
    }
}
