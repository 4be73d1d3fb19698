using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// The mini-batches of a lease, on their way from the loader to the block that trains on them and back. Several are asked for at a time, and those that have been read
/// go back together with that, so that the loader is woken once for some steps.
/// </summary>
/// <param name="loader">Lends them.</param>
/// <param name="device">Where they are wanted.</param>
/// <param name="batchOf">The batch of a step of the block.</param>
internal sealed class LentBatches(IActorRef loader, ComputeDevice device, Func<long, long> batchOf)
{
    /// <summary>Batches asked for, with that of the step at hand, when no more than half as many are left.</summary>
    private const int ReadAhead = 4;

    private readonly HashSet<long> awaited = [];
    private readonly Dictionary<long, Batch> ready = [];
    private readonly List<long> read = [];
    private long requestedTo;

    /// <summary>The batch of a step of the block; null where it is not here.</summary>
    public Batch? Of(long step) => ready.GetValueOrDefault(batchOf(step));

    /// <summary>Begins at a step, and gives back what is here.</summary>
    public void Begin(long step)
    {
        GiveAllBack();
        requestedTo = step;
    }

    /// <summary>
    /// Takes one that has come, in whatever order they do: images of a later step may be here already where those of an earlier one are on their way.
    /// One of an earlier lease, or asked for by an instance that has failed since, goes back at once.
    /// </summary>
    public void Add(Batch batch)
    {
        if (awaited.Remove(batch.Step))
        {
            ready.Add(batch.Step, batch);
        }
        else
        {
            GiveBack(batch.Step);
        }
    }

    /// <summary>Asks for those that come next, if few are left.</summary>
    /// <param name="step">The step at hand.</param>
    /// <param name="end">Where the lease ends.</param>
    public void AskAhead(long step, long end)
    {
        if (requestedTo >= end || requestedTo > step + ReadAhead / 2)
        {
            return;
        }

        GiveReadBack();
        for (; requestedTo < Math.Min(step + ReadAhead, end); requestedTo++)
        {
            long asked = batchOf(requestedTo);
            awaited.Add(asked);
            loader.Tell(new RequestBatch(asked, device));
        }
    }

    /// <summary>That of a step has been read. It goes back with others.</summary>
    public void End(long step) => read.Add(TakeOut(step).Step);

    /// <summary>Hands that of a step over to the caller, who gives it back.</summary>
    public Batch TakeOut(long step)
    {
        ready.Remove(batchOf(step), out Batch? batch);
        return batch!;
    }

    /// <summary>Gives back whatever is here, and what is still to come as it comes.</summary>
    public void GiveAllBack()
    {
        GiveReadBack();
        foreach (long step in ready.Keys)
        {
            GiveBack(step);
        }

        ready.Clear();
        awaited.Clear();
    }

    /// <summary>Gives one back.</summary>
    public void GiveBack(long step) => loader.Tell(new ReleaseBatch(step));

    private void GiveReadBack()
    {
        read.ForEach(GiveBack);
        read.Clear();
    }
}
