namespace NoProp.Actors.Cluster;

/// <summary>
/// How long nothing has come from the other end, in time during which this node was awake: what comes late because this process stood still is not
/// the other end's silence. Not thread-safe.
/// </summary>
/// <param name="settings">How the link behaves.</param>
/// <param name="now">The time now, on a monotonic clock.</param>
internal sealed class LinkSilence(LinkSettings settings, TimeSpan now)
{
    private TimeSpan lastTick = now;
    private TimeSpan silent;

    /// <summary>Something has come.</summary>
    public void End() => silent = TimeSpan.Zero;

    /// <summary>Asked once for each heartbeat: whether the other end is to be taken for dead.</summary>
    public bool IsTooLong(TimeSpan at)
    {
        TimeSpan awake = 2 * settings.Heartbeat;
        silent += at - lastTick < awake ? at - lastTick : awake;
        lastTick = at;
        return silent > settings.Silence;
    }
}
