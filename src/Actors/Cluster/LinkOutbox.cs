namespace NoProp.Actors.Cluster;

/// <summary>
/// What a link has to send, cut into chunks, as far as the credits go. Order is kept within a lane; the express lane goes first, chunk by chunk. Not
/// thread-safe.
/// </summary>
internal sealed class LinkOutbox(LinkSettings settings)
{
    private readonly Queue<Frame> ordered = [];
    private readonly Queue<Frame> express = [];
    private long received;

    /// <summary>Chunks that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public long Queued { get; private set; }

    /// <summary>Adds a message; false where it does not fit any more.</summary>
    public bool TryAdd(IReadOnlyList<ReadOnlyMemory<byte>> parts, bool passes)
    {
        Frame frame = new(parts);
        if (Queued + frame.Left > settings.MaxQueued)
        {
            return false;
        }

        (passes ? express : ordered).Enqueue(frame);
        Queued += frame.Left;
        return true;
    }

    /// <summary>The other end has so many chunks.</summary>
    public bool TryAcknowledge(long chunks)
    {
        if (chunks < received || chunks > Sent)
        {
            return false;
        }

        received = chunks;
        return true;
    }

    /// <summary>The next chunk; null where there is none, or no credit for it.</summary>
    public LinkChunk? Next()
    {
        Queue<Frame> lane = express.Count > 0 ? express : ordered;
        if (Sent - received >= settings.Window || !lane.TryPeek(out Frame? frame))
        {
            return null;
        }

        IReadOnlyList<ReadOnlyMemory<byte>> parts = frame.Cut(settings.ChunkSize);
        LinkChunk chunk = new(Sent++, lane == express, frame.Left == 0, parts);
        Queued -= chunk.Length;
        if (chunk.Last)
        {
            lane.Dequeue();
        }

        return chunk;
    }

    private sealed class Frame(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        private int part;
        private int offset;

        public long Left { get; private set; } = parts.Sum(each => (long)each.Length);

        public List<ReadOnlyMemory<byte>> Cut(int size)
        {
            List<ReadOnlyMemory<byte>> cut = [];
            while (size > 0 && part < parts.Count)
            {
                ReadOnlyMemory<byte> rest = parts[part][offset..];
                ReadOnlyMemory<byte> piece = rest[..Math.Min(size, rest.Length)];
                cut.Add(piece);
                size -= piece.Length;
                Left -= piece.Length;
                (part, offset) = piece.Length == rest.Length ? (part + 1, 0) : (part, offset + piece.Length);
            }

            return cut;
        }
    }
}
