using System.Collections.Immutable;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>How stale the gradients of a run were: versions between the one that a step was computed with and the one that its gradient met.</summary>
/// <param name="Mean">Mean lag.</param>
/// <param name="Median">Median lag.</param>
/// <param name="Max">Largest lag.</param>
public sealed record LagSummary(double Mean, long Median, long Max)
{
    /// <summary>The lags in a log of a run in which each gradient moves the version by one: those that are held or thrown away are not such.</summary>
    /// <param name="entries">The log.</param>
    /// <returns>Null where no gradient was taken in.</returns>
    public static LagSummary? Of(ImmutableArray<ReplayEntry> entries)
    {
        List<long> lags = [];
        List<(long Version, ImmutableDictionary<BlockId, long> Taken)> states = [];
        (long version, ImmutableDictionary<BlockId, long> taken) = (0, ImmutableDictionary<BlockId, long>.Empty);
        foreach (ReplayEntry entry in entries)
        {
            states.Add((version, taken));
            switch (entry)
            {
                // What comes a second time has no effect.
                case ReplayEntry.Taken step when step.Step >= taken.GetValueOrDefault(step.Block):
                    lags.Add(version++ - step.Version);
                    taken = taken.SetItem(step.Block, step.Step + 1);
                    break;
                case ReplayEntry.Lost:
                    version++;
                    break;
                case ReplayEntry.Back back:
                    (version, taken) = states[(int)back.Entries];
                    break;
                default:
                    break;
            }
        }

        lags.Sort();
        return lags.Count == 0 ? null : new(lags.Average(), lags[lags.Count / 2], lags[^1]);
    }
}
