using Akka.Actor;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Cluster;

/// <summary>States of the run that has ended last: who serves it wants the very last ones, and its actor is gone.</summary>
public sealed partial class RunManagerActor
{
    private (string Run, IActorRef States)? last;

    private void KeepStates(StoredRun over, RunEnded end)
    {
        if (last is { } before)
        {
            Context.Stop(before.States);
        }

        IActorRef states = Context.ActorOf(PublishedStatesActor.Props(over.Name, over.Plan, ActorRefs.Nobody));
        states.Tell(new PublishSnapshots(end.Snapshots));
        last = (over.Name, states);
    }

    private void ForStates(string? name, object message)
    {
        if (last is { } ended && name == ended.Run && (this.ended || run?.Name != name))
        {
            ended.States.Forward(message);
        }
        else
        {
            ForRun(name, message);
        }
    }
}
