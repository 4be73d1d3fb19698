using System.Collections.Immutable;
using NoProp.Models.Checkpoints;

namespace NoProp.Models.Replicas;

/// <summary>The meetings that have made a centre, in their order: with it the replicas can be brought together again just as they were.</summary>
public static class MeetingOrder
{
    /// <summary>The meetings of one block.</summary>
    /// <param name="center">The block's centre; null where none has met.</param>
    /// <param name="schedule">How replicas are brought together.</param>
    /// <param name="replicas">R.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    /// <returns>Which replica, from 0, met at which of its steps. With a barrier the R of one meeting follow each other.</returns>
    /// <exception cref="NoPropException">The centre is damaged, or does not hold the order.</exception>
    public static ImmutableArray<(int Replica, long Step)> Of(Snapshot? center, ReplicaSchedule schedule, int replicas, int stepsPerEpoch)
    {
        long[] met = BlockCenter.MetClocks(center, replicas);
        long[] clocks = new long[replicas];
        Queue<int> order = new(BlockCenter.Order(center).Where(replica => replica < replicas));
        ImmutableArray<(int Replica, long Step)>.Builder meetings = ImmutableArray.CreateBuilder<(int Replica, long Step)>();
        while (true)
        {
            // At which steps a replica meets follows from the steps alone; who comes next is known where it does not matter, and remembered where it does.
            long[] next = [.. clocks.Select(clock => schedule.NextMeeting(clock, stepsPerEpoch))];
            if (next.All(schedule.IsBarrier))
            {
                if (met.Min() < next[0])
                {
                    break;
                }

                meetings.AddRange(Enumerable.Range(0, replicas).Select(replica => (replica, next[0])));
                clocks = next;
            }
            else if (order.TryDequeue(out int replica))
            {
                meetings.Add((replica, clocks[replica] = next[replica]));
            }
            else
            {
                break;
            }
        }

        return clocks.SequenceEqual(met)
            ? meetings.ToImmutable()
            : throw new NoPropException($"snapshot {center!.Name} does not hold the order in which its replicas met: what made it cannot be done again");
    }
}
