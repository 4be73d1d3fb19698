using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <summary>
/// States of blocks that newer ones have replaced and that nobody reads any more. The memory of one takes a later state of some block: with a new
/// array for each lease the kernel clears as many pages, which costs some percent of a step. The last one comes first, as it may be in a cache yet.
/// A state that has gone where nothing is heard of it again is left to the garbage collector. Not thread-safe.
/// </summary>
internal sealed class SpareStates
{
    private readonly HashSet<Snapshot> lent = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Snapshot> replaced = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Snapshot> kept = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Snapshot> spares = [];

    /// <summary>Somebody reads these, and gives each back.</summary>
    public void Lend(IEnumerable<Snapshot> states) => lent.UnionWith(states);

    /// <summary>Somebody reads these for as long as they like.</summary>
    public void Keep(IEnumerable<Snapshot> states) => kept.UnionWith(states);

    /// <summary>One is not read by whom it was lent to any more.</summary>
    public void Return(Snapshot state)
    {
        if (lent.Remove(state) && replaced.Remove(state))
        {
            spares.Push(state);
        }
    }

    /// <summary>A newer state of its block has come.</summary>
    public void Replace(Snapshot state)
    {
        if (kept.Remove(state))
        {
            lent.Remove(state);
        }
        else if (lent.Contains(state))
        {
            replaced.Add(state);
        }
        else
        {
            spares.Push(state);
        }
    }

    /// <summary>One that is nobody's any more, for the caller to write over; null where there is none.</summary>
    public Snapshot? Take() => spares.TryPop(out Snapshot? spare) ? spare : null;
}
