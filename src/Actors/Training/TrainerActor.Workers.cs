using Akka.Actor;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Training;

/// <content>Workers that come, leave and die.</content>
public sealed partial class TrainerActor
{
    private readonly Dictionary<string, IActorRef> workers = [];

    // Who is told when a worker that wants to leave holds nothing any more.
    private readonly HashSet<(string Worker, IActorRef Drainer)> drainers = [];
    private bool begun;

    private void ReceiveWorkers()
    {
        Receive<RegisterWorker>(worker =>
        {
            workers[worker.Name] = Context.Watch(Sender);
            if (!begun)
            {
                begun = true;
                meter.Start();
                Tell(new RunStarted([.. state.Blocks.Select(block => block.Clock)], state.Goal.Target, state.Goal.StepsPerEpoch, state.Goal.Epochs, worker.Slots)
                {
                    Policies = state.Goal.Policies.Settings,
                    Elapsed = meter.Total,
                });
                TestWhatWasMissed();
                if (state.Goal.Coupled)
                {
                    // Blocks ask the head for what they share before any of them has committed a step.
                    AdvanceHead(state.TotalSteps);
                }
            }

            meter.Leases.Join(worker.Name, worker.Slots, meter.Elapsed);
            Handle(new RunInput.WorkerJoined(worker.Name, worker.Slots) { Devices = worker.Devices });
        });
        Receive<DrainWorker>(Drain);
    }

    private void Drain(DrainWorker drain)
    {
        drainers.Add((drain.Worker, Sender));
        Handle(new RunInput.WorkerDraining(drain.Worker));
    }

    private void AnswerDrainers()
    {
        foreach ((string worker, IActorRef drainer) in drainers.Where(drain => state.Workers.GetValueOrDefault(drain.Worker) is not { Leases: > 0 }).ToArray())
        {
            drainers.Remove((worker, drainer));
            drainer.Tell(new WorkerDrained(worker));
        }
    }

    private void PartnerStopped(IActorRef actor)
    {
        if (actor.Equals(head))
        {
            Break($"the head failed {supervision.MaxFailures} times within {supervision.Within.TotalSeconds:0} s: {headFailure}");
        }
        else if (workers.FirstOrDefault(worker => worker.Value.Equals(actor)).Key is { } name)
        {
            workers.Remove(name);
            meter.Leases.Leave(name, meter.Elapsed);
            Handle(new RunInput.WorkerLeft(name));
        }
    }
}
