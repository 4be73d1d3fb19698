using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <summary>
/// States of blocks that a newer one has replaced and that nobody reads any more. The memory of one takes a later state of its block: with a new
/// array for each lease the kernel clears as many pages, which costs some percent of a step, and much more on small machines. A state that has
/// gone where nothing is heard of it again is left to the garbage collector. Not thread-safe.
/// </summary>
internal sealed class SpareStates
{
    private readonly HashSet<Snapshot> lent = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Snapshot> replaced = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Snapshot> kept = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, Snapshot> spares = [];

    /// <summary>Somebody reads these, and gives each back.</summary>
    public void Lend(IEnumerable<Snapshot> states) => lent.UnionWith(states);

    /// <summary>Somebody reads these for as long as they like.</summary>
    public void Keep(IEnumerable<Snapshot> states) => kept.UnionWith(states);

    /// <summary>One is not read by whom it was lent to any more.</summary>
    public void Return(Snapshot state)
    {
        if (lent.Remove(state) && replaced.Remove(state))
        {
            spares[state.Name] = state;
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
            spares[state.Name] = state;
        }
    }

    /// <summary>One that is nobody's any more, for the caller to write over; null where there is none.</summary>
    public Snapshot? Take(BlockId block)
    {
        spares.Remove(block.FileName, out Snapshot? spare);
        return spare;
    }
}
