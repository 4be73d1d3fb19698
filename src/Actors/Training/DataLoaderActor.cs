using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// Prepares each mini-batch once for each device and shares it by reference with every block there that asks. A batch is freed when every block
/// has read it, or when room is needed for others and nobody reads it. Images that this node does not have are asked for once for each batch,
/// as many batches at a time as are prepared ahead.
/// </summary>
public sealed class DataLoaderActor : ReceiveActor, IWithTimers
{
    private readonly DeviceBatches batches;
    private readonly int blocks;
    private readonly int capacity;
    private readonly int prefetch;
    private readonly ImageServer? server;
    private readonly ImageRequests requests;
    private readonly Dictionary<long, CachedStep> cache = [];
    private readonly Dictionary<IActorRef, Dictionary<long, int>> readers = [];
    private readonly Dictionary<ComputeDevice, long> ahead = [];
    private long uses;

    /// <summary>A loader.</summary>
    /// <param name="source">Makes the batches.</param>
    /// <param name="blocks">Number of blocks that will read each batch.</param>
    /// <param name="prefetch">Batches prepared ahead of the newest one asked for.</param>
    /// <param name="capacity">Batches kept that nobody reads at the moment.</param>
    /// <param name="server">Who has the images; null where they are here.</param>
    /// <param name="residence">Which devices have a copy of the images.</param>
    public DataLoaderActor(BatchSource source, int blocks, int prefetch, int capacity, ImageServer? server = null, Residence residence = Residence.Auto)
    {
        (batches, this.blocks, this.prefetch, this.capacity, this.server) = (new(source, residence), blocks, prefetch, capacity, server);
        requests = new(Math.Max(prefetch, 1));
        Receive<RequestBatch>(Serve);
        Receive<ReleaseBatch>(release => TakeBack(Sender, release.Step));
        Receive<Prefetch>(next => TryPrepare(next.Step, next.Device, out _, out _));
        Receive<ImagesReady>(Take);
        Receive<Overdue>(overdue => Fail(
            overdue.Step,
            $"{server!.Worker} has waited {server.Patience.TotalSeconds:0.#} s for the images of step {overdue.Step} from {server.Server}, where the trainer is; "
            + "see that the network keeps up, or give this worker a copy of the data (--data local)"));
        Receive<Terminated>(gone =>
        {
            foreach (CachedStep entry in cache.Values)
            {
                entry.Waiting.RemoveAll(waiting => waiting.Reader.Equals(gone.ActorRef));
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
    public static Props Props(
        BatchSource source, int blocks, int prefetch, int capacity, ImageServer? server = null, Residence residence = Residence.Auto) =>
        Akka.Actor.Props.Create(() => new DataLoaderActor(source, blocks, prefetch, capacity, server, residence)).WithDispatcher(Dispatchers.Loader);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        // A block may be in the middle of a step on a batch that it has not released: libtorch must not lose the memory under it, so the
        // garbage collector gets that one.
        foreach (CachedStep entry in cache.Values.Where(entry => entry.Readers == 0))
        {
            entry.Dispose();
        }

        batches.Dispose();
    }

    private void Serve(RequestBatch request)
    {
        (long step, ComputeDevice device) = request;
        if (!TryPrepare(step, device, out CachedStep entry, out string fault))
        {
            Sender.Tell(new BatchFailed(step, fault));
            return;
        }

        entry.Readers++;
        if (!readers.TryGetValue(Sender, out Dictionary<long, int>? held))
        {
            Context.Watch(Sender);
            readers.Add(Sender, held = []);
        }

        held[step] = held.GetValueOrDefault(step) + 1;
        if (entry.Batches[device] is { } batch)
        {
            Sender.Tell(new BatchReady(batch));
        }
        else
        {
            entry.Waiting.Add((Sender, device));
        }

        // Devices differ in speed: for each it is known how far they are prepared.
        long prepared = Math.Max(ahead.GetValueOrDefault(device), step);
        for (; prepared < step + prefetch; prepared++)
        {
            Self.Tell(new Prefetch(prepared + 1, device));
        }

        ahead[device] = prepared;
    }

    /// <summary>A step with its batch on a device, or with its images under way; or what keeps it from being made.</summary>
    private bool TryPrepare(long step, ComputeDevice device, out CachedStep entry, out string fault)
    {
        if (cache.TryGetValue(step, out CachedStep? known))
        {
            entry = known;
        }
        else
        {
            MakeRoom();
            cache.Add(step, entry = new CachedStep { IsUnderWay = server is not null });
            if (server is not null)
            {
                requests.Want(step);
                Ask();
            }
        }

        entry.LastUse = ++uses;
        entry.Batches.TryAdd(device, null);
        fault = "";
        try
        {
            Make(step, entry);
        }
        catch (NoPropException e)
        {
            entry.Batches.Remove(device);
            fault = e.Message;
        }

        return fault.Length == 0;
    }

    /// <summary>Makes the batches that are wanted of a step, if its images are here.</summary>
    private void Make(long step, CachedStep entry)
    {
        if (entry.IsUnderWay)
        {
            return;
        }

        TorchRuntime.UseOneThread();
        foreach (ComputeDevice device in entry.Batches.Where(batch => batch.Value is null).Select(batch => batch.Key).ToArray())
        {
            entry.Batches[device] = entry.Images is { } images
                ? batches.Prepare(step, images.Pixels.Span, images.Labels.Span, device)
                : batches.Prepare(step, device);
        }
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
        CachedStep entry = cache[images.Step];
        (entry.Images, entry.IsUnderWay) = (images, false);
        try
        {
            Make(images.Step, entry);
        }
        catch (NoPropException e)
        {
            Fail(images.Step, $"{server!.Server} has sent {server.Worker} what it cannot use: {e.Message}");
            return;
        }

        foreach ((IActorRef reader, ComputeDevice device) in entry.Waiting)
        {
            reader.Tell(new BatchReady(entry.Batches[device]!));
        }

        entry.Waiting.Clear();
        Ask();
    }

    // Who asks again begins anew.
    private void Fail(long step, string reason)
    {
        requests.TryEnd(step);
        if (cache.Remove(step, out CachedStep? entry))
        {
            entry.Dispose();
            foreach ((IActorRef reader, _) in entry.Waiting)
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
        CachedStep entry = cache[step];
        entry.Readers -= count;
        entry.Served += count;
        if (entry is { Readers: 0, IsUnderWay: false } && entry.Served >= blocks)
        {
            Free(step, entry);
        }
    }

    private void MakeRoom()
    {
        while (cache.Count >= capacity)
        {
            KeyValuePair<long, CachedStep>[] unread = [.. cache.Where(pair => pair.Value is { Readers: 0, IsUnderWay: false })];
            if (unread.Length == 0)
            {
                return;
            }

            (long step, CachedStep oldest) = unread.MinBy(pair => pair.Value.LastUse);
            Free(step, oldest);
        }
    }

    private void Free(long step, CachedStep entry)
    {
        cache.Remove(step);
        entry.Dispose();
    }

    private sealed record Prefetch(long Step, ComputeDevice Device);

    private sealed record Overdue(long Step);
}
