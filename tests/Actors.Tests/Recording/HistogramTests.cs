using CsCheck;
using NoProp.Actors.Recording;
using Xunit;

namespace NoProp.Actors.Tests.Recording;

public sealed class HistogramTests
{
    private static readonly Gen<long[]> Numbers = Gen.Long[0, 100_000].Array[0, 200];

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(2, "2-3")]
    [InlineData(3, "2-3")]
    [InlineData(4, "4-7")]
    [InlineData(1023, "512-1023")]
    [InlineData(1024, "1024-2047")]
    public void A_number_is_in_the_bucket_that_names_it(long number, string label) => Assert.Equal(label, Histogram.Label(Histogram.Bucket(number)));

    [Fact]
    public void The_buckets_count_all_numbers() => Numbers.Sample(numbers => Of(numbers).Counts.Sum() == numbers.Length);

    [Fact]
    public void Mean_and_maximum_are_exact() => Numbers.Sample(numbers =>
        Of(numbers) is var histogram
        && histogram.Max == numbers.DefaultIfEmpty().Max()
        && Math.Abs(histogram.Mean - (numbers.Length == 0 ? 0 : numbers.Average())) <= 1e-9 * Math.Max(histogram.Mean, 1));

    [Fact]
    public void Two_that_are_added_up_are_the_one_of_all_numbers() => Gen.Select(Numbers, Numbers).Sample((first, second) =>
    {
        Histogram sum = Of(first);
        sum.Add(Of(second));
        Histogram all = Of([.. first, .. second]);
        return sum.Counts.SequenceEqual(all.Counts) && sum.Count == all.Count && sum.Max == all.Max && Math.Abs(sum.Mean - all.Mean) < 1e-6;
    });

    private static Histogram Of(long[] numbers)
    {
        Histogram histogram = new();
        Array.ForEach(numbers, histogram.Add);
        return histogram;
    }
}
