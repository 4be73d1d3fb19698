namespace NoProp.Actors.Cluster;

/// <summary>
/// How long nothing has come from the other end, in time during which this node was awake: what comes late because this process stood still is not
/// the other end's silence. Not thread-safe.
/// </summary>
/// <param name="every">Time between two questions.</param>
/// <param name="limit">Silence that is too long.</param>
/// <param name="now">The time now, on a monotonic clock.</param>
internal sealed class Silence(TimeSpan every, TimeSpan limit, TimeSpan now)
{
    private TimeSpan last = now;
    private TimeSpan silent;

    /// <summary>Something has come.</summary>
    public void End() => silent = TimeSpan.Zero;

    /// <summary>Whether the other end is to be taken for dead.</summary>
    /// <param name="at">The time now.</param>
    public bool IsTooLong(TimeSpan at)
    {
        TimeSpan awake = 2 * every;
        silent += at - last < awake ? at - last : awake;
        last = at;
        return silent > limit;
    }
}
