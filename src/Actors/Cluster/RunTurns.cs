using System.Collections.Immutable;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>Whose turn is next, and what became of those that had theirs: what the run manager knows of runs other than the one in training.</summary>
/// <param name="store">The runs; the queue in it is the truth, for another trainer to go on with.</param>
internal sealed class RunTurns(IRunStore store)
{
    private const int MostWaiting = 1_000;
    private const int MostRemembered = 100;

    private readonly Dictionary<string, object> outcomes = new(StringComparer.Ordinal);
    private readonly Queue<string> remembered = [];

    /// <summary>Those that wait, the next one first.</summary>
    public ImmutableArray<QueuedRun> Waiting { get; private set; } = [];

    /// <summary>The run whose end came last; null where none is known.</summary>
    public RunEnded? LastEnded { get; private set; }

    /// <summary>Name of the run that is marked as the one in training; null for none, or where nobody can say.</summary>
    public string? Left
    {
        get
        {
            try
            {
                return store.Marked;
            }
            catch (NoPropException)
            {
                return null;
            }
        }
    }

    /// <summary>Reads what another trainer has left.</summary>
    /// <exception cref="NoPropException">It cannot be read.</exception>
    public void Read() => Waiting = store.Queue.Read();

    /// <summary>Puts a run at the end of the queue.</summary>
    /// <returns>Its name.</returns>
    /// <exception cref="NoPropException">It is there already, or could not be trained.</exception>
    public string Add(string? settings, ImmutableArray<string> changes, string? name)
    {
        Read();
        if (name is not null && name == store.Marked)
        {
            throw new NoPropException(IsWaiting(name) ? $"{name} begins just now" : $"{name} is in training: follow it or stop it");
        }

        if (name is not null && IsWaiting(name))
        {
            throw new NoPropException($"{name} waits in the queue already: take it out with noprop stop, or choose another name");
        }

        if (Waiting.Length >= MostWaiting)
        {
            throw new NoPropException($"{MostWaiting} runs wait already");
        }

        string checkedName = store.Check(settings, name);
        if (checkedName != name)
        {
            // Of a name that the store has chosen.
            return Add(settings, changes, checkedName);
        }

        QueuedRun run = new(name, settings, changes);
        store.Queue.Add(run);
        outcomes.Remove(name);
        Waiting = Waiting.Add(run);
        return name;
    }

    /// <summary>Takes a run out of the queue: it has begun, or will not.</summary>
    public void Remove(string name)
    {
        if (IsWaiting(name))
        {
            store.Queue.Remove(name);
            Waiting = Waiting.RemoveAll(run => run.Name == name);
        }
    }

    /// <summary>Whether a run waits.</summary>
    public bool IsWaiting(string name) => PlaceOf(name) >= 0;

    /// <summary>How many runs wait before this one; -1 where it does not wait.</summary>
    public int PlaceOf(string name) => Waiting.ToList().FindIndex(run => run.Name == name);

    /// <summary>Keeps how a run has ended, for those who ask later.</summary>
    /// <param name="run">Its name.</param>
    /// <param name="outcome">Its end, or why it could not begin.</param>
    public void Remember(string run, object outcome)
    {
        if (!outcomes.ContainsKey(run))
        {
            remembered.Enqueue(run);
        }

        outcomes[run] = outcome;
        LastEnded = outcome as RunEnded ?? LastEnded;
        if (remembered.Count > MostRemembered)
        {
            outcomes.Remove(remembered.Dequeue());
        }
    }

    /// <summary>How a run has ended, or why it could not begin; null where nobody knows.</summary>
    public object? Outcome(string run) => outcomes.GetValueOrDefault(run);
}
