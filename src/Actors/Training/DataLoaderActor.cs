using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// Prepares each mini-batch once and shares it by reference with every block that asks. A batch is freed when every block has read it, or
/// when room is needed for others and nobody reads it. Images that this node does not have are asked for once for each batch, as many batches
/// at a time as are prepared ahead.
/// </summary>
public sealed class DataLoaderActor : ReceiveActor, IWithTimers
{
    private readonly BatchSource source;
    private readonly int blocks;
    private readonly int capacity;
    private readonly int prefetch;
    private readonly ImageServer? server;
    private readonly ImageRequests requests;
    private readonly Dictionary<long, Entry> cache = [];
    private readonly Dictionary<IActorRef, Dictionary<long, int>> readers = [];
    private long newest = -1;
    private long uses;

    /// <summary>A loader.</summary>
    /// <param name="source">Makes the batches.</param>
    /// <param name="blocks">Number of blocks that will read each batch.</param>
    /// <param name="prefetch">Batches prepared ahead of the newest one asked for.</param>
    /// <param name="capacity">Batches kept that nobody reads at the moment.</param>
    /// <param name="server">Who has the images; null where they are here.</param>
    public DataLoaderActor(BatchSource source, int blocks, int prefetch, int capacity, ImageServer? server = null)
    {
        (this.source, this.blocks, this.prefetch, this.capacity, this.server) = (source, blocks, prefetch, capacity, server);
        requests = new(Math.Max(prefetch, 1));
        Receive<RequestBatch>(request => Serve(request.Step));
        Receive<ReleaseBatch>(release => TakeBack(Sender, release.Step));
        Receive<Prefetch>(ahead => Prepare(ahead.Step));
        Receive<ImagesReady>(Take);
        Receive<Overdue>(overdue => Fail(
            overdue.Step,
            $"{server!.Worker} has waited {server.Patience.TotalSeconds:0.#} s for the images of step {overdue.Step} from {server.Server}, where the trainer is; "
            + "see that the network keeps up, or give this worker a copy of the data (--data local)"));
        Receive<Terminated>(gone =>
        {
            foreach (Entry entry in cache.Values)
            {
                entry.Waiting.RemoveAll(gone.ActorRef.Equals);
            }

            if (readers.Remove(gone.ActorRef, out Dictionary<long, int>? held))
            {
                foreach ((long step, int count) in held)
                {
                    Release(step, count);
                }
            }
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props on the loader's own thread.</summary>
    public static Props Props(BatchSource source, int blocks, int prefetch, int capacity, ImageServer? server = null) =>
        Akka.Actor.Props.Create(() => new DataLoaderActor(source, blocks, prefetch, capacity, server)).WithDispatcher(Dispatchers.Loader);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        // A block may be in the middle of a step on a batch that it has not released: libtorch must not lose the memory under it, so the
        // garbage collector gets that one.
        foreach (Entry entry in cache.Values.Where(entry => entry.Readers == 0))
        {
            entry.Batch?.Dispose();
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
        if (entry.Batch is { } batch)
        {
            Sender.Tell(new BatchReady(batch));
        }
        else
        {
            entry.Waiting.Add(Sender);
        }

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
            cache.Add(step, entry = new Entry { Batch = server is null ? source.Prepare(step) : null });
            if (server is not null)
            {
                requests.Want(step);
                Ask();
            }
        }

        entry.LastUse = ++uses;
        return entry;
    }

    private void Ask()
    {
        while (requests.Next() is { } step)
        {
            server!.From.Tell(new RequestImages(step));
            Timers.StartSingleTimer(step, new Overdue(step), server.Patience);
        }
    }

    private void Take(ImagesReady images)
    {
        // What comes too late was given up, or came again meanwhile.
        if (!requests.TryEnd(images.Step))
        {
            return;
        }

        Timers.Cancel(images.Step);
        Entry entry = cache[images.Step];
        try
        {
            TorchRuntime.UseOneThread();
            entry.Batch = source.Prepare(images.Step, images.Pixels.Span, images.Labels.Span);
        }
        catch (NoPropException e)
        {
            Fail(images.Step, $"{server!.Server} has sent {server.Worker} what it cannot use: {e.Message}");
            return;
        }

        foreach (IActorRef reader in entry.Waiting)
        {
            reader.Tell(new BatchReady(entry.Batch));
        }

        entry.Waiting.Clear();
        Ask();
    }

    // Who asks again begins anew.
    private void Fail(long step, string reason)
    {
        requests.TryEnd(step);
        if (cache.Remove(step, out Entry? entry))
        {
            foreach (IActorRef reader in entry.Waiting)
            {
                readers[reader].Remove(step);
                reader.Tell(new BatchFailed(step, reason));
            }
        }

        Ask();
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
        if (entry.Readers == 0 && entry.Served >= blocks && entry.Batch is not null)
        {
            Free(step, entry);
        }
    }

    private void MakeRoom()
    {
        while (cache.Count >= capacity)
        {
            KeyValuePair<long, Entry>[] unread = [.. cache.Where(pair => pair.Value is { Readers: 0, Batch: not null })];
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
        entry.Batch!.Dispose();
    }

    private sealed class Entry
    {
        /// <summary>The batch; null while its images are under way.</summary>
        public Batch? Batch { get; set; }

        /// <summary>Who waits for it, once for each time that it was asked for.</summary>
        public List<IActorRef> Waiting { get; } = [];

        public int Readers { get; set; }

        public int Served { get; set; }

        public long LastUse { get; set; }
    }

    private sealed record Prefetch(long Step);

    private sealed record Overdue(long Step);
}
