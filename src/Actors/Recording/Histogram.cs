using System.Numerics;

namespace NoProp.Actors.Recording;

/// <summary>Counts of whole numbers from 0 in buckets that double: 0, 1, 2-3, 4-7, and so on; with the exact mean and maximum. Not thread-safe.</summary>
public sealed class Histogram
{
    private readonly List<long> counts = [];
    private double sum;

    /// <summary>An empty one.</summary>
    public Histogram()
    {
    }

    /// <summary>One that goes on from what was written.</summary>
    /// <param name="counts">Count of each bucket from the first.</param>
    /// <param name="mean">Mean of all numbers.</param>
    /// <param name="max">The largest number.</param>
    public Histogram(IEnumerable<long> counts, double mean, long max)
    {
        this.counts = [.. counts];
        Count = this.counts.Sum();
        (sum, Max) = (mean * Count, max);
    }

    /// <summary>Numbers in all.</summary>
    public long Count { get; private set; }

    /// <summary>The largest; 0 where there is none.</summary>
    public long Max { get; private set; }

    /// <summary>Their mean; 0 where there is none.</summary>
    public double Mean => Count == 0 ? 0 : sum / Count;

    /// <summary>Count of each bucket, to the last that is not empty.</summary>
    public IReadOnlyList<long> Counts => counts;

    /// <summary>The bucket of a number.</summary>
    public static int Bucket(long value) => value <= 0 ? 0 : BitOperations.Log2((ulong)value) + 1;

    /// <summary>The numbers of a bucket, as text: <c>0</c>, <c>1</c>, <c>2-3</c>.</summary>
    public static string Label(int bucket) => bucket < 2 ? $"{bucket}" : $"{1L << (bucket - 1)}-{(1L << bucket) - 1}";

    /// <summary>Counts a number; one below 0 counts as 0.</summary>
    public void Add(long value)
    {
        int bucket = Bucket(value);
        while (counts.Count <= bucket)
        {
            counts.Add(0);
        }

        counts[bucket]++;
        Count++;
        sum += Math.Max(value, 0);
        Max = Math.Max(Max, value);
    }

    /// <summary>Counts all that another one has counted.</summary>
    public void Add(Histogram other)
    {
        for (int bucket = 0; bucket < other.counts.Count; bucket++)
        {
            if (counts.Count <= bucket)
            {
                counts.Add(0);
            }

            counts[bucket] += other.counts[bucket];
        }

        Count += other.Count;
        sum += other.sum;
        Max = Math.Max(Max, other.Max);
    }
}
