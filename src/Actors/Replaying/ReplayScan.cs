using System.Collections.Immutable;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>The shared parameters as one block saw them at one moment.</summary>
/// <param name="Segment">Counts the sessions, switches and failures of the head before it: a version number means one thing within each.</param>
/// <param name="Version">The version.</param>
/// <param name="Block">The block.</param>
internal readonly record struct SeenVersion(int Segment, long Version, BlockId Block);

/// <summary>What a replay must keep on its way because a later entry needs it, found by one look over the whole log.</summary>
internal sealed class ReplayScan
{
    private readonly Dictionary<(int Segment, long Version), List<BlockId>> seen = [];
    private readonly Dictionary<SeenVersion, int> lastUses = [];
    private readonly HashSet<(BlockId Block, long Step)> returns = [];
    private readonly HashSet<long> headReturns = [];

    /// <summary>Looks over a log.</summary>
    /// <param name="entries">The log.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <exception cref="NoPropException">It cannot be the log of a run: the message names the record.</exception>
    public ReplayScan(ImmutableArray<ReplayEntry> entries, int blocks)
    {
        long[] clocks = new long[blocks];
        int segment = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            switch (entries[i])
            {
                case ReplayEntry.Taken taken:
                    Step(i, taken.Block, taken.Step, taken.Version);
                    break;
                case ReplayEntry.Unheard unheard:
                    Step(i, unheard.Block, unheard.Step, unheard.Version);
                    break;
                case ReplayEntry.Back back:
                    headReturns.Add(back.Entries <= i ? back.Entries : throw Wrong(i, $"goes back to record {back.Entries}, which is still to come"));
                    segment++;
                    break;
                case ReplayEntry.Session or ReplayEntry.Switch:
                    segment++;
                    break;
                default:
                    break;
            }
        }

        void Step(int record, BlockId block, long step, long version)
        {
            if (segment == 0)
            {
                throw Wrong(record, "comes before any session has begun");
            }

            if (block.Index < 0 || block.Index >= blocks)
            {
                throw Wrong(record, $"is of {block}, and the run has {blocks}");
            }

            if (step > clocks[block.Index])
            {
                throw Wrong(record, $"is step {step} of {block}, which has made {clocks[block.Index]}");
            }

            if (step < clocks[block.Index])
            {
                returns.Add((block, step));
            }

            clocks[block.Index] = step + 1;
            SeenVersion key = new(segment, version, block);
            if (!lastUses.ContainsKey(key))
            {
                (seen.TryGetValue((segment, version), out List<BlockId>? known) ? known : seen[(segment, version)] = []).Add(block);
            }

            lastUses[key] = record;
        }

        NoPropException Wrong(int record, string what) => new($"the replay log cannot be right: record {record} ({entries[record]}) {what}");
    }

    /// <summary>Blocks that use this version in this segment.</summary>
    public IEnumerable<BlockId> Users(int segment, long version) => seen.TryGetValue((segment, version), out List<BlockId>? blocks) ? blocks : [];

    /// <summary>The last record that uses it.</summary>
    public int LastUse(SeenVersion version) => lastUses[version];

    /// <summary>Whether a block comes back to this step after it has gone on.</summary>
    public bool ReturnsTo(BlockId block, long step) => returns.Contains((block, step));

    /// <summary>Whether the head comes back to its state after so many records.</summary>
    public bool HeadReturnsTo(long records) => headReturns.Contains(records);

    /// <summary>Keeps the states of blocks at these steps too.</summary>
    public void Keep(BlockId block, long step) => returns.Add((block, step));
}
