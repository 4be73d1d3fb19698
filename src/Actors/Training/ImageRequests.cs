using Akka.Actor;

namespace NoProp.Actors.Training;

/// <summary>Where a loader gets images that this node does not have.</summary>
/// <param name="From">Who is asked, or the link to it.</param>
/// <param name="Worker">Name of the worker that waits.</param>
/// <param name="Server">The node with the images, for people.</param>
/// <param name="Patience">Time that the images of a mini-batch may take.</param>
public sealed record ImageServer(IActorRef From, string Worker, string Server, TimeSpan Patience);

/// <summary>Mini-batches whose images are wanted, and those of them that are under way: so many at a time. Not thread-safe.</summary>
/// <param name="credit">Most mini-batches under way.</param>
internal sealed class ImageRequests(int credit)
{
    private readonly Queue<long> wanted = [];
    private readonly HashSet<long> underWay = [];

    /// <summary>One more.</summary>
    public void Want(long step) => wanted.Enqueue(step);

    /// <summary>The next one to ask for; null where there is none, or enough are under way.</summary>
    public long? Next()
    {
        if (underWay.Count >= credit || !wanted.TryDequeue(out long step))
        {
            return null;
        }

        underWay.Add(step);
        return step;
    }

    /// <summary>Its images have come, or are not waited for any more; false where they were not under way.</summary>
    public bool TryEnd(long step) => underWay.Remove(step);
}
