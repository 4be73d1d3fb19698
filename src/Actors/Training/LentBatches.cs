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

    private readonly Queue<Batch> ready = [];
    private readonly List<long> read = [];
    private long requestedTo;

    /// <summary>The next one that is here.</summary>
    public Batch? Next => ready.TryPeek(out Batch? batch) ? batch : null;

    /// <summary>Begins at a step, and gives back what is here.</summary>
    public void Begin(long step)
    {
        GiveAllBack();
        requestedTo = step;
    }

    /// <summary>Takes one that has come.</summary>
    public void Add(Batch batch) => ready.Enqueue(batch);

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
            loader.Tell(new RequestBatch(batchOf(requestedTo), device));
        }
    }

    /// <summary>The next one has been read. It goes back with others.</summary>
    public void EndNext() => read.Add(ready.Dequeue().Step);

    /// <summary>Hands the next one over to the caller, who gives it back.</summary>
    public Batch TakeNext() => ready.Dequeue();

    /// <summary>Gives the next one back at once.</summary>
    public void Refuse() => GiveBack(ready.Dequeue().Step);

    /// <summary>Gives back whatever is here.</summary>
    public void GiveAllBack()
    {
        GiveReadBack();
        while (ready.Count > 0)
        {
            Refuse();
        }
    }

    /// <summary>Gives one back.</summary>
    public void GiveBack(long step) => loader.Tell(new ReleaseBatch(step));

    private void GiveReadBack()
    {
        read.ForEach(GiveBack);
        read.Clear();
    }
}
