using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// Prepares each mini-batch once and shares it by reference with every block that asks. A batch is freed when every block has read it, or
/// when room is needed for others and nobody reads it.
/// </summary>
public sealed class DataLoaderActor : ReceiveActor
{
    private readonly BatchSource source;
    private readonly int blocks;
    private readonly int capacity;
    private readonly int prefetch;
    private readonly Dictionary<long, Entry> cache = [];
    private readonly Dictionary<IActorRef, Dictionary<long, int>> readers = [];
    private long newest = -1;
    private long uses;

    /// <summary>A loader.</summary>
    /// <param name="source">Makes the batches.</param>
    /// <param name="blocks">Number of blocks that will read each batch.</param>
    /// <param name="prefetch">Batches prepared ahead of the newest one asked for.</param>
    /// <param name="capacity">Batches kept that nobody reads at the moment.</param>
    public DataLoaderActor(BatchSource source, int blocks, int prefetch, int capacity)
    {
        (this.source, this.blocks, this.prefetch, this.capacity) = (source, blocks, prefetch, capacity);
        Receive<RequestBatch>(request => Serve(request.Step));
        Receive<ReleaseBatch>(release => TakeBack(Sender, release.Step));
        Receive<Prefetch>(ahead => Prepare(ahead.Step));
        Receive<Terminated>(gone =>
        {
            if (readers.Remove(gone.ActorRef, out Dictionary<long, int>? held))
            {
                foreach ((long step, int count) in held)
                {
                    Release(step, count);
                }
            }
        });
    }

    /// <summary>Props on the loader's own thread.</summary>
    public static Props Props(BatchSource source, int blocks, int prefetch, int capacity) =>
        Akka.Actor.Props.Create(() => new DataLoaderActor(source, blocks, prefetch, capacity)).WithDispatcher(Dispatchers.Loader);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        // A block may be in the middle of a step on a batch that it has not released: libtorch must not lose the memory under it, so the
        // garbage collector gets that one.
        foreach (Entry entry in cache.Values.Where(entry => entry.Readers == 0))
        {
            entry.Batch.Dispose();
        }
    }

    private void Serve(long step)
    {
        Entry entry = Prepare(step);
        entry.Readers++;
        if (!readers.TryGetValue(Sender, out Dictionary<long, int>? held))
        {
            Context.Watch(Sender);
            readers.Add(Sender, held = []);
        }

        held[step] = held.GetValueOrDefault(step) + 1;
        Sender.Tell(new BatchReady(entry.Batch));
        for (newest = Math.Max(newest, step - 1); newest < step; newest++)
        {
            Self.Tell(new Prefetch(newest + 1 + prefetch));
        }
    }

    private Entry Prepare(long step)
    {
        if (!cache.TryGetValue(step, out Entry? entry))
        {
            TorchRuntime.UseOneThread();
            MakeRoom();
            cache.Add(step, entry = new Entry(source.Prepare(step)));
        }

        entry.LastUse = ++uses;
        return entry;
    }

    private void TakeBack(IActorRef reader, long step)
    {
        // What this instance has not lent was lent before a restart, and went to the garbage collector.
        if (readers.TryGetValue(reader, out Dictionary<long, int>? held) && held.TryGetValue(step, out int lent))
        {
            if (lent == 1)
            {
                held.Remove(step);
            }
            else
            {
                held[step] = lent - 1;
            }

            Release(step, 1);
        }
    }

    private void Release(long step, int count)
    {
        Entry entry = cache[step];
        entry.Readers -= count;
        entry.Served += count;
        if (entry.Readers == 0 && entry.Served >= blocks)
        {
            Free(step, entry);
        }
    }

    private void MakeRoom()
    {
        while (cache.Count >= capacity)
        {
            KeyValuePair<long, Entry>[] unread = [.. cache.Where(pair => pair.Value.Readers == 0)];
            if (unread.Length == 0)
            {
                return;
            }

            (long step, Entry oldest) = unread.MinBy(pair => pair.Value.LastUse);
            Free(step, oldest);
        }
    }

    private void Free(long step, Entry entry)
    {
        cache.Remove(step);
        entry.Batch.Dispose();
    }

    private sealed class Entry(Batch batch)
    {
        public Batch Batch { get; } = batch;

        public int Readers { get; set; }

        public int Served { get; set; }

        public long LastUse { get; set; }
    }

    private sealed record Prefetch(long Step);
}
