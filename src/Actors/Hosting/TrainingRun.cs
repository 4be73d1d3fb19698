using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;

namespace NoProp.Actors.Hosting;

/// <summary>Runs a training in an actor system of its own, from beginning to end.</summary>
public static class TrainingRun
{
    /// <summary>Trains until the goal is reached, the run is stopped or it cannot go on; what is recorded is on disk then.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="observe">Told every event, on a thread of the actor system: it should not take long.</param>
    /// <param name="started">Given what steers the run, as soon as there is a run to steer.</param>
    /// <param name="stop">Stops the run after the steps in progress, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="NoPropException">libtorch cannot be loaded, or the policies do not fit the run.</exception>
    public static async Task<RunEnded> RunAsync(RunPlan plan, Action<RunEvent>? observe = null, Action<RunControl>? started = null, CancellationToken stop = default)
    {
        plan.CheckPolicies();
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using LocalSystem system = await LocalSystem.StartAsync(akka => akka.WithNoPropTraining(plan, runEvent =>
        {
            observe?.Invoke(runEvent);
            if (runEvent is RunEnded end)
            {
                ended.TrySetResult(end);
            }
        }));
        IActorRef trainer = system.Get<TrainerActor>();
        started?.Invoke(new RunControl(trainer));
        await using (stop.Register(() => trainer.Tell(new StopRun())))
        {
            return await ended.Task;
        }
    }
}
