using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>Puts chunks together again. Room is made for what has come, never for what is claimed. Not thread-safe.</summary>
internal sealed class LinkInbox(LinkSettings settings)
{
    private readonly Lane ordered = new();
    private readonly Lane express = new();

    /// <summary>Chunks that have come in.</summary>
    public long Received { get; private set; }

    /// <summary>Takes a chunk; the whole message where it ends with it.</summary>
    /// <exception cref="WireException">A chunk is missing, or the message is too large.</exception>
    public ReadOnlyMemory<byte>? Take(LinkChunk chunk)
    {
        if (chunk.Number != Received)
        {
            throw new WireException($"chunk {chunk.Number} has come where {Received} is next: a message was lost on its way");
        }

        Received++;
        Lane lane = chunk.Express ? express : ordered;
        foreach (ReadOnlyMemory<byte> part in chunk.Parts)
        {
            lane.Parts.Add(part);
            lane.Length += part.Length;
        }

        if (lane.Length > settings.MaxMessage)
        {
            throw new WireException($"a message has more than the {settings.MaxMessage} bytes that a link carries");
        }

        return chunk.Last ? lane.Whole() : default(ReadOnlyMemory<byte>?);
    }

    private sealed class Lane
    {
        public List<ReadOnlyMemory<byte>> Parts { get; } = [];

        public long Length { get; set; }

        public ReadOnlyMemory<byte> Whole()
        {
            ReadOnlyMemory<byte> whole;
            if (Parts.Count == 1)
            {
                whole = Parts[0];
            }
            else
            {
                byte[] joined = GC.AllocateUninitializedArray<byte>((int)Length);
                int at = 0;
                foreach (ReadOnlyMemory<byte> part in Parts)
                {
                    part.CopyTo(joined.AsMemory(at));
                    at += part.Length;
                }

                whole = joined;
            }

            Parts.Clear();
            Length = 0;
            return whole;
        }
    }
}
