using CsCheck;
using NoProp.Actors.Cluster;
using NoProp.Actors.Serialization;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What is cut into chunks at one end is put together at the other.</summary>
public sealed class LinkQueueTests
{
    private static readonly LinkSettings Settings = TwoNodes.Settings with { ChunkSize = 10, Window = 4, MaxQueued = 1000, MaxMessage = 100 };

    private readonly LinkOutbox outbox = new(Settings);
    private readonly LinkInbox inbox = new(Settings);

    [Fact]
    public void Messages_of_any_size_come_out_whole_and_in_the_order_of_their_lane() => Gen.Select(Gen.Byte.Array[1, 40].Array[1, 3], Gen.Bool).Array[1, 8].Sample(messages =>
    {
        LinkOutbox sender = new(Settings);
        LinkInbox receiver = new(Settings with { MaxMessage = 1000 });
        foreach ((byte[][] parts, bool express) in messages)
        {
            Assert.True(sender.TryAdd([.. parts.Select(part => new ReadOnlyMemory<byte>(part))], express));
        }

        List<byte[]>[] lanes = [[], []];
        while (sender.Next() is { } chunk)
        {
            Assert.InRange(chunk.Length, 1, Settings.ChunkSize);
            if (receiver.Take(chunk) is { } whole)
            {
                lanes[chunk.Express ? 1 : 0].Add(whole.ToArray());
            }

            Assert.True(sender.TryAcknowledge(receiver.Received));
        }

        Assert.Equal(0, sender.Queued);
        Assert.Equal(messages.Where(message => !message.Item2).Select(message => message.Item1.SelectMany(part => part)), lanes[0]);
        Assert.Equal(messages.Where(message => message.Item2).Select(message => message.Item1.SelectMany(part => part)), lanes[1]);
    });

    [Fact]
    public void No_more_chunks_are_under_way_than_there_are_credits()
    {
        outbox.TryAdd([new byte[95]], passes: false);

        Assert.Equal(Settings.Window, Drain().Count);
        outbox.TryAcknowledge(1);
        Assert.Single(Drain());
    }

    [Fact]
    public void What_may_pass_goes_after_the_present_chunk_of_what_may_not()
    {
        outbox.TryAdd([new byte[95]], passes: false);
        outbox.Next();
        outbox.TryAdd([new byte[5]], passes: true);

        Assert.True(outbox.Next() is { Express: true, Last: true });
        Assert.True(outbox.Next() is { Express: false });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Credits_for_what_was_not_sent_are_refused(long received) => Assert.False(outbox.TryAcknowledge(received));

    [Fact]
    public void A_missing_chunk_is_noticed_with_the_next_one()
    {
        outbox.TryAdd([new byte[25]], passes: false);
        List<LinkChunk> chunks = Drain();
        inbox.Take(chunks[0]);

        Assert.Throws<WireException>(() => inbox.Take(chunks[2]));
    }

    [Fact]
    public void A_message_that_never_ends_is_refused_at_the_largest_size()
    {
        Assert.Throws<WireException>(() =>
        {
            for (int i = 0; i <= Settings.MaxMessage; i++)
            {
                inbox.Take(new LinkChunk(i, false, false, [new byte[1]]));
            }
        });
        Assert.Equal(Settings.MaxMessage + 1, inbox.Received);
    }

    private List<LinkChunk> Drain()
    {
        List<LinkChunk> chunks = [];
        while (outbox.Next() is { } chunk)
        {
            chunks.Add(chunk);
        }

        return chunks;
    }
}
