using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <content>Replicas of blocks and their centres.</content>
public sealed partial class TrainerActor
{
    private readonly Centers centers;
    private IActorRef[] centerActors = [];

    private void ReceiveReplicas()
    {
        centerActors = [.. centers.States.Select((state, i) => Context.ActorOf(partners.CenterProps!(new BlockId(i + 1), this.state.Schedules[i], state), $"center-{i + 1:00}"))];
        Receive<ReplicasMet>(met =>
        {
            // What comes after the end is no part of what was reported: a run that goes on brings them together again.
            if (state.Phase != RunPhase.Ended)
            {
                Take(met);
            }
        });
        Receive<CenterFailed>(failed => Break($"the replicas of {failed.Block} cannot be brought together: {failed.Cause}"));
        for (int i = 0; i < state.Blocks.Length; i++)
        {
            if (state.Blocks[i].Meeting)
            {
                Meet(state.Goal.Block(i));
            }
        }
    }

    private void Meet(BlockId replica) => centerActors[replica.Block.Index].Tell(new ReplicaArrived(replica, blocks[replica.Index]!));

    private void Take(ReplicasMet met)
    {
        int center = blocks.Length + met.Block.Index;
        Snapshot? before = centers.States[met.Block.Index];
        (BlockId Replica, Snapshot State)[] on = [.. centers.Take(met.Block, met.Meeting)];
        // A meeting moves nothing of the head: where a checkpoint would hold what came to it, it can hold what came of it.
        pair.Blocks = After(pair.Blocks);
        foreach (long to in pairs.Keys.ToArray())
        {
            pairs[to] = After(pairs[to]);
        }

        foreach ((BlockId replica, Snapshot next) in on)
        {
            blocks[replica.Index] = next;
        }

        Publish([met.Meeting.Center]);
        foreach ((BlockId replica, _) in on)
        {
            Handle(new RunInput.Met(replica));
        }

        ImmutableArray<Snapshot?> After(ImmutableArray<Snapshot?> then) =>
            then.IsEmpty || then[center] != before || on.Any(pair => then[pair.Replica.Index] != blocks[pair.Replica.Index])
                ? then
                : on.Aggregate(then.SetItem(center, met.Meeting.Center), (states, pair) => states.SetItem(pair.Replica.Index, pair.State));
    }

    /// <summary>Why these policies cannot hold in this run; null where they can.</summary>
    private string? Fault(PolicySet policies) => state.Goal.Replicas > 1 ? policies.FaultWithReplicas : null;

    private void FollowSchedules()
    {
        for (int i = 0; i < centerActors.Length; i++)
        {
            centerActors[i].Tell(new FollowSchedule(state.Schedules[i]));
        }
    }
}
