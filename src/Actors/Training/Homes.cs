using System.Collections.Immutable;

namespace NoProp.Actors.Training;

/// <summary>
/// Which worker a pinned block belongs to. A block is given a home when it is first trained: by the worker that has the fewest blocks for each
/// of its slots. So the blocks are balanced over the workers that are there when a run begins, and one that comes later gets what others lost.
/// </summary>
internal static class Homes
{
    /// <summary>Indices of the blocks at home with a worker.</summary>
    public static ImmutableArray<int> Of(RunState state, string worker) =>
        [.. Enumerable.Range(0, state.Blocks.Length).Where(i => state.Blocks[i].Home == worker)];

    /// <summary>Indices of the blocks that a worker may be given: its own, and those without a home where it is its turn.</summary>
    public static ImmutableArray<int> Offers(RunState state, WorkerProgress worker) =>
        state.Homeless > 0 && state.Workers.Values.All(other => (long)worker.Home.Length * other.Slots <= (long)other.Home.Length * worker.Slots)
            ? [.. worker.Home, .. Enumerable.Range(0, state.Blocks.Length).Where(i => state.Blocks[i].Home is null)]
            : worker.Home;

    /// <summary>A worker with blocks of its own is waited for.</summary>
    public static RunState Leave(RunState state, string worker, TimeSpan now) =>
        state.Workers.TryGetValue(worker, out WorkerProgress? gone) && !gone.Home.IsEmpty ? state with { Away = state.Away.SetItem(worker, now) } : state;

    /// <summary>Blocks whose worker has been away for the lease timeout have no home any more.</summary>
    public static RunState GiveUp(RunState state, TimeSpan now)
    {
        foreach ((string worker, TimeSpan since) in state.Away)
        {
            if (now - since >= state.Goal.LeaseTimeout)
            {
                state = state with { Away = state.Away.Remove(worker) };
                foreach (int i in Of(state, worker))
                {
                    state = state.With(i, state.Blocks[i] with { Home = null });
                }
            }
        }

        return state;
    }
}
