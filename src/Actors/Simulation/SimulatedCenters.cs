using NoProp.Models;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Simulation;

/// <summary>The centres of a simulated run whose blocks have replicas: who has come to which meeting, without weights.</summary>
/// <param name="replicas">R.</param>
/// <param name="units">Number of replicas of all blocks together.</param>
internal sealed class SimulatedCenters(int replicas, int units)
{
    private readonly long[] waiting = new long[units];
    private readonly long[] met = new long[units];

    /// <summary>A replica comes to a meeting.</summary>
    /// <returns>The replicas that go on from it.</returns>
    public IReadOnlyList<BlockId> Arrive(BlockId replica, long step, ReplicaSchedule schedule)
    {
        waiting[replica.Index] = step;
        BlockId[] together = schedule.IsBarrier(step)
            ? [.. Enumerable.Range(replica.Block.Index * replicas, replicas).Select(i => new BlockId(i + 1) { Replicas = replicas })]
            : [replica];
        if (!Array.TrueForAll(together, other => waiting[other.Index] == step))
        {
            return [];
        }

        Array.ForEach(together, other => met[other.Index] = step);
        return together;
    }

    /// <summary>Whether a replica that has come to a meeting has gone through it.</summary>
    public bool MayGoOn(BlockId replica) => met[replica.Index] == waiting[replica.Index];
}
