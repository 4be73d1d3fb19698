using System.Diagnostics;
using Akka.Actor;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Simulation;
using NoProp.Actors.Training;
using NoProp.Host.Faults;
using NoProp.Models.Data;

namespace NoProp.Benchmarks;

/// <summary>A run with the real actors and steps that sleep: what a simulation of the same settings is compared with.</summary>
internal static class SleepingRun
{
    private const int Batch = 8;

    /// <summary>Trains to the end.</summary>
    /// <param name="run">The run; its jitter, line and times of head and commits are not used: they are what they are.</param>
    /// <param name="dataset">Any data.</param>
    /// <returns>Balanced progress: T * min clock, by all the steps that the workers could have made while they were there.</returns>
    public static double BalancedProgress(SimulationSettings run, Dataset dataset)
    {
        // A thread for each actor: more slots than cores sleep side by side.
        LoadedSettings loaded = SettingsLoader.Load(overrides: ["noprop.dispatchers.compute.type=PinnedDispatcher"]);
        using ActorSystem system = ActorSystem.Create("benchmark", loaded.Config);
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef observer = system.ActorOf(Props.Create(() => new Observer(ended)));
        IActorRef loader = system.ActorOf(DataLoaderActor.Props(new BatchSource(dataset, seed: 0, Batch), run.Blocks, prefetch: 4, capacity: 64));
        Props head = HeadActor.Props(new SleepingMethod(run.Blocks, TimeSpan.Zero), new BatchSource(dataset, seed: 0, Batch), 0);
        int perEpoch = new BatchSource(dataset, seed: 0, Batch).StepsPerEpoch;
        Supervision supervision = new(3, TimeSpan.FromMinutes(1));
        RunGoal goal = new(run.Blocks, perEpoch, (int)(run.Steps / perEpoch), 0, run.Policies, TimeSpan.FromMinutes(1));
        IActorRef trainer = system.ActorOf(Props.Create(() => new TrainerActor(
            goal,
            null,
            new TrainerCadence(0, 0, TimeSpan.Zero),
            supervision,
            new TrainerPartners(system.DeadLetters, system.DeadLetters, null, observer, head))));

        Stopwatch watch = Stopwatch.StartNew();
        Worker[] workers = [.. run.Slots.Select((_, i) => new Worker(i, run, system, trainer, loader, supervision, watch, ended.Task))];
        Array.ForEach(workers, worker => worker.Start());
        foreach ((TimeSpan at, int worker) in run.Kills.OrderBy(kill => kill.At))
        {
            TimeSpan wait = at - watch.Elapsed;
            if (ended.Task.Wait(wait > TimeSpan.Zero ? wait : TimeSpan.Zero))
            {
                break;
            }

            workers[worker].Kill();
        }

        RunEnded end = ended.Task.GetAwaiter().GetResult();
        double possible = workers.Sum(worker => worker.AliveSeconds() / (run.StepTime.TotalSeconds * (run.Slowness.IsEmpty ? 1 : run.Slowness[worker.Number])));
        return end.Outcome == RunOutcome.Completed ? run.Blocks * goal.Target / possible : throw new InvalidOperationException(end.Reason);
    }

    private sealed class Worker(int number, SimulationSettings run, ActorSystem system, IActorRef trainer, IActorRef loader, Supervision supervision, Stopwatch watch, Task ended)
    {
        private readonly SleepingMethod method = new(run.Blocks, run.StepTime * (run.Slowness.IsEmpty ? 1 : run.Slowness[number]));
        private IActorRef actor = ActorRefs.Nobody;
        private TimeSpan since;
        private double seconds;
        private bool alive;

        public int Number => number;

        public void Start()
        {
            // A worker that is to come back after the end of the run finds no system any more.
            if (ended.IsCompleted)
            {
                return;
            }

            (alive, since) = (true, watch.Elapsed);
            actor = system.ActorOf(Props.Create(() => new WorkerActor(
                trainer, $"worker-{number}", run.Slots[number], supervision, block => BlockActor.Props(block, method, loader, TimeSpan.FromSeconds(30)))));
        }

        public void Kill()
        {
            if (alive)
            {
                seconds = AliveSeconds();
                alive = false;
                system.Stop(actor);
                system.Scheduler.Advanced.ScheduleOnce(run.Restart, Start);
            }
        }

        public double AliveSeconds() => seconds + (alive ? (watch.Elapsed - since).TotalSeconds : 0);
    }

    private sealed class Observer : ReceiveActor
    {
        public Observer(TaskCompletionSource<RunEnded> ended)
        {
            Receive<RunEnded>(end => ended.TrySetResult(end));
            ReceiveAny(_ => { });
        }
    }
}
