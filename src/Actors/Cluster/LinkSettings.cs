namespace NoProp.Actors.Cluster;

/// <summary>How a link behaves; both ends have the same.</summary>
/// <param name="Heartbeat">Time between two signs of life.</param>
/// <param name="Silence">The other end is taken for dead when nothing has come from it for so long.</param>
/// <param name="ConnectTimeout">A link that is not connected after this time ends.</param>
public sealed record LinkSettings(TimeSpan Heartbeat, TimeSpan Silence, TimeSpan ConnectTimeout)
{
    /// <summary>
    /// Bytes in a chunk: far below Akka's frame size of 128,000 bytes, and few enough that what is small waits milliseconds for what is large.
    /// </summary>
    public int ChunkSize { get; init; } = 64 * 1024;

    /// <summary>Chunks under way at once: remoting itself has no back-pressure.</summary>
    public int Window { get; init; } = 16;

    /// <summary>Bytes that wait to be sent at most; a link that cannot keep up ends.</summary>
    public long MaxQueued { get; init; } = 512L << 20;

    /// <summary>Bytes of a message at most.</summary>
    public int MaxMessage { get; init; } = 256 << 20;

    /// <summary>Links that one node accepts at most.</summary>
    public int MaxLinks { get; init; } = 4096;

    /// <summary>Links that one node accepts from one address at most; a worker's node has one.</summary>
    public int MaxLinksOfAddress { get; init; } = 16;
}
