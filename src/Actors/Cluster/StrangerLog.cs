namespace NoProp.Actors.Cluster;

/// <summary>
/// When to say that a stranger was turned away: at once, and while it goes on trying after intervals that double, from a minute to an hour. Safe to
/// use from any thread.
/// </summary>
/// <param name="now">The time, on a monotonic clock.</param>
internal sealed class StrangerLog(Func<TimeSpan> now)
{
    private const int MostStrangers = 1_000;

    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (TimeSpan Next, TimeSpan Interval, int Silent)> strangers = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Counts a try.</summary>
    /// <param name="stranger">Who it was.</param>
    /// <returns>How many tries were not told of since the last one that was, where this one is to be told; null otherwise.</returns>
    public int? Count(string stranger)
    {
        lock (gate)
        {
            TimeSpan at = now();
            if (!strangers.TryGetValue(stranger, out (TimeSpan Next, TimeSpan Interval, int Silent) known))
            {
                if (strangers.Count >= MostStrangers)
                {
                    // Whoever comes from a thousand places is said again from each.
                    strangers.Clear();
                }

                strangers[stranger] = (at + First, First, 0);
                return 0;
            }

            if (at < known.Next)
            {
                strangers[stranger] = known with { Silent = known.Silent + 1 };
                return null;
            }

            TimeSpan interval = known.Interval * 2 < Longest ? known.Interval * 2 : Longest;
            strangers[stranger] = (at + interval, interval, 0);
            return known.Silent;
        }
    }
}
