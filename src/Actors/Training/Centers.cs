using System.Collections.Immutable;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Training;

/// <summary>The newest states of the centres of blocks that have replicas; empty where there are none. Not thread-safe.</summary>
internal sealed class Centers
{
    private readonly int replicas;
    private readonly Snapshot?[] states;

    // Replicas whose newest state came from their centre: who has trained them has an older one.
    private readonly bool[] moved;

    /// <summary>The centres of a checkpoint, or of a run at its beginning.</summary>
    public Centers(RunGoal goal, Checkpoint? resume)
    {
        replicas = goal.Replicas;
        moved = new bool[goal.Blocks];
        states = replicas > 1
            ? [.. BlockId.UpTo(goal.Blocks / replicas).Select(block => resume?.Snapshots.FirstOrDefault(snapshot => snapshot.Name == block.FileName))]
            : [];
    }

    /// <summary>The states, by the index of the block.</summary>
    public IReadOnlyList<Snapshot?> States => states;

    /// <summary>Replicas of a checkpoint that had come to a meeting which was not over.</summary>
    /// <param name="schedules">How the replicas of each block meet.</param>
    /// <param name="clocks">Steps of each replica.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    public IEnumerable<int> Waiting(ImmutableArray<ReplicaSchedule> schedules, IReadOnlyList<long> clocks, int stepsPerEpoch) =>
        states.SelectMany((state, block) => BlockCenter.MetClocks(state, replicas).Select((met, replica) => (Index: block * replicas + replica, Met: met)))
            .Where(unit => unit.Met < clocks[unit.Index] && schedules[unit.Index / replicas].MeetsAt(clocks[unit.Index], stepsPerEpoch))
            .Select(unit => unit.Index);

    /// <summary>Takes a meeting in.</summary>
    /// <returns>The replicas that go on, with their states.</returns>
    public ImmutableArray<(BlockId Replica, Snapshot State)> Take(BlockId block, Meeting meeting)
    {
        states[block.Index] = meeting.Center;
        ImmutableArray<(BlockId Replica, Snapshot State)> on =
            [.. meeting.Replicas.Select(pair => (new BlockId(block.Index * replicas + pair.Replica + 1) { Replicas = replicas }, pair.State))];
        foreach ((BlockId replica, _) in on)
        {
            moved[replica.Index] = true;
        }

        return on;
    }

    /// <summary>Whether a replica's newest state came from its centre.</summary>
    public bool HasMoved(BlockId replica) => moved[replica.Index];

    /// <summary>A replica has committed steps: whoever made them has its newest state.</summary>
    public void Committed(BlockId replica) => moved[replica.Index] = false;
}
