using System.Collections.Immutable;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Replaying;

/// <summary>
/// Brings replicas together again in the order that a checkpoint's centres hold. A meeting touches nothing but replicas and its centre, so it is
/// made when its outcome is first needed: by then the log has led each replica to where it had come. Not thread-safe.
/// </summary>
internal sealed class ReplayMeetings
{
    private readonly ImmutableArray<ReplicaSchedule> schedules;
    private readonly int stepsPerEpoch;
    private readonly int replicas;
    private readonly Func<BlockId, long, Snapshot> come;
    private readonly Action<BlockId, Snapshot> goOn;
    private readonly ImmutableArray<ImmutableArray<(int Replica, long Step)>> orders;
    private readonly ImmutableArray<BlockCenter> centers;
    private readonly Snapshot?[] states;
    private readonly int[] made;
    private readonly long[] met;

    /// <summary>No meeting yet.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="rule">How replicas were brought together, where the state to replay up to says nothing of it.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    /// <param name="last">The state to replay up to.</param>
    /// <param name="come">The state of a replica that has come to a step.</param>
    /// <param name="goOn">Told with which state a replica goes on.</param>
    /// <exception cref="NoPropException">A centre does not hold the order.</exception>
    public ReplayMeetings(IMethod method, ReplicaRule rule, int stepsPerEpoch, Checkpoint last, Func<BlockId, long, Snapshot> come, Action<BlockId, Snapshot> goOn)
    {
        (this.stepsPerEpoch, replicas, this.come, this.goOn) = (stepsPerEpoch, method.Replicas, come, goOn);
        BlockId[] blocks = [.. BlockId.UpTo(method.Blocks / replicas)];
        schedules = ReplicaSchedules.Of(last, rule, blocks.Length);
        orders = [.. blocks.Select(block => MeetingOrder.Of(last.Snapshots.FirstOrDefault(saved => saved.Name == block.FileName), schedules[block.Index], replicas, stepsPerEpoch))];
        centers = [.. blocks.Select(block => new BlockCenter(block, replicas, schedules[block.Index], () => Initial(block), from: null))];
        (states, made, met) = (new Snapshot?[blocks.Length], new int[blocks.Length], new long[method.Blocks]);

        Snapshot Initial(BlockId block)
        {
            using IBlockCompute first = method.CreateBlock(new(block.Index * replicas + 1), from: null);
            return first.Snapshot();
        }
    }

    /// <summary>States of the centres that have been moved.</summary>
    public IEnumerable<Snapshot> States => states.OfType<Snapshot>();

    /// <summary>Makes the meeting that a replica went on from at this step, where it is one, and all before it.</summary>
    /// <exception cref="NoPropException">The log does not fit the order.</exception>
    public void Before(BlockId replica, long step)
    {
        while (met[replica.Index] < step && schedules[replica.Index / replicas].MeetsAt(step, stepsPerEpoch))
        {
            Next(replica.Index / replicas);
        }
    }

    /// <summary>Makes meetings until each centre is as a checkpoint on the way has it.</summary>
    /// <param name="clocks">Clocks of the centres: steps of the replicas at their last meetings.</param>
    /// <exception cref="NoPropException">The log does not fit the order.</exception>
    public void UpTo(ImmutableArray<long> clocks)
    {
        for (int block = 0; block < centers.Length; block++)
        {
            while ((states[block]?.Clock ?? 0) < clocks[block])
            {
                Next(block);
            }
        }
    }

    private void Next(int block)
    {
        if (made[block] == orders[block].Length)
        {
            throw new NoPropException($"the replay log does not fit the checkpoint: its {new BlockId(block + 1)} had met {made[block]} replicas, and the log needs more");
        }

        (int replica, long step) = orders[block][made[block]++];
        if (centers[block].Arrive(replica, come(Replica(replica), step)) is not { } meeting)
        {
            return;
        }

        states[block] = meeting.Center;
        foreach ((int number, Snapshot state) in meeting.Replicas)
        {
            met[Replica(number).Index] = state.Clock;
            goOn(Replica(number), state);
        }

        BlockId Replica(int number) => new(block * replicas + number + 1) { Replicas = replicas };
    }
}
