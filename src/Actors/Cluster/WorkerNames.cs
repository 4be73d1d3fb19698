using Akka.Actor;

namespace NoProp.Actors.Cluster;

/// <summary>Workers by their names. Of several with one name the first counts, for as long as it is there.</summary>
internal sealed class WorkerNames
{
    private const int Most = 10_000;

    // A process that was killed and started again offers its slots before the death of the first one is known.
    private const int OffersBeforeItIsSaid = 20;

    private readonly Dictionary<string, List<IActorRef>> workers = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, int> offers = [];

    /// <summary>The names, sorted.</summary>
    public IEnumerable<string> Names => workers.Keys.Order(StringComparer.Ordinal);

    /// <summary>Takes an offer of slots in. Names are as many as there are nodes; whoever makes up more is not remembered.</summary>
    /// <param name="name">The worker's name.</param>
    /// <param name="worker">The worker.</param>
    /// <returns>
    /// Whether the worker is new, so that its end is to be watched; and who else has had the name for a while, once and only then.
    /// </returns>
    public (bool IsNew, IActorRef? Other) Offer(string name, IActorRef worker)
    {
        int before = offers.GetValueOrDefault(worker);
        if (before == 0 && offers.Count >= Most)
        {
            return (false, null);
        }

        offers[worker] = before == int.MaxValue ? before : before + 1;
        if (!workers.TryGetValue(name, out List<IActorRef>? named))
        {
            workers.Add(name, named = []);
        }

        if (!named.Contains(worker))
        {
            named.Add(worker);
        }

        return (before == 0, before + 1 == OffersBeforeItIsSaid && !named[0].Equals(worker) ? named[0] : null);
    }

    /// <summary>The workers that count.</summary>
    public IEnumerable<IActorRef> All => workers.Values.Select(named => named[0]);

    /// <summary>The worker of a name; null for none.</summary>
    public IActorRef? Find(string name) => workers.TryGetValue(name, out List<IActorRef>? named) ? named[0] : null;

    /// <summary>Forgets a worker that has ended.</summary>
    public void Remove(IActorRef worker)
    {
        offers.Remove(worker);
        foreach ((string name, List<IActorRef> named) in workers.ToArray())
        {
            named.Remove(worker);
            if (named.Count == 0)
            {
                workers.Remove(name);
            }
        }
    }
}
