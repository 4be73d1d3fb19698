using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>To the run manager: end, so that another node can go on.</summary>
public sealed record HandOver;

/// <summary>
/// The cluster's singleton: takes runs, one at a time, and goes on with the one that a former trainer has left. All that it knows is in the
/// folder of runs, so it needs nothing from the instance before it.
/// </summary>
public sealed class RunManagerActor : ReceiveActor, IWithTimers
{
    private const int MostWorkers = 10_000;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IRunStore store;
    private readonly LinkSettings links;
    private readonly string version;
    private StoredRun? run;
    private IActorRef runActor = ActorRefs.Nobody;
    private (string Run, RunEnded Ended)? last;
    private readonly Dictionary<string, IActorRef> workers = new(StringComparer.Ordinal);
    private readonly Queue<(Func<StoredRun> Open, IActorRef Asker)> next = [];
    private bool loading;
    private bool leaving;
    private int started;
    private string? lastFailure;

    /// <summary>A manager that looks for a run that was left.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="links">How links to workers behave.</param>
    /// <param name="version">Version of the software.</param>
    public RunManagerActor(IRunStore store, LinkSettings links, string version)
    {
        (this.store, this.links, this.version) = (store, links, version);
        Receive<OfferSlots>(offer =>
        {
            // Names are as many as there are nodes; whoever makes up more is not remembered.
            if (workers.ContainsKey(offer.Worker) || workers.Count < MostWorkers)
            {
                workers[offer.Worker] = Context.Watch(Sender);
            }

            Forward(offer);
        });
        Receive<DrainWorker>(Drain);
        Receive<SubmitRun>(asked => Submit(() => store.Begin(asked.Settings, asked.Name), Sender));
        Receive<ResumeRun>(asked => Submit(() => store.Resume(asked.Changes, asked.Name), Sender));
        Receive<FollowRun>(follow => ForRun(follow.Run, follow));
        Receive<StopTraining>(stop => ForRun(stop.Run, stop));
        Receive<GetPolicies>(asked => Steer(asked.Run, asked));
        Receive<ChangePolicies>(asked => Steer(asked.Run, asked));
        Receive<GetTrainingStatus>(asked =>
        {
            if (run is null)
            {
                Sender.Tell(new TrainingStatus(null, null, [], [], version));
            }
            else
            {
                runActor.Forward(asked);
            }
        });
        Receive<Loaded>(Begin);
        Receive<RunEnded>(Ended, _ => Sender.Equals(runActor));
        Receive<Terminated>(_ => Gone(), gone => gone.ActorRef.Equals(runActor));
        Receive<Terminated>(gone =>
        {
            foreach (string worker in workers.Where(worker => worker.Value.Equals(gone.ActorRef)).Select(worker => worker.Key).ToArray())
            {
                workers.Remove(worker);
            }
        });
        Receive<HandOver>(_ => Leave());
        Receive<TakeOver>(_ => Load(() => store.TakeOver(), ActorRefs.Nobody), _ => run is null && !loading && !leaving);
        Receive<TakeOver>(_ => { });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(IRunStore store, LinkSettings links, string version) => Akka.Actor.Props.Create(() => new RunManagerActor(store, links, version));

    /// <inheritdoc/>
    protected override void PreStart() => Load(() => store.TakeOver(), ActorRefs.Nobody);

    /// <inheritdoc/>
    protected override void PostStop() => run?.Dispose();

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();

    // From the worker itself, which wants to leave, to the trainer; from anybody else to the worker.
    private void Drain(DrainWorker drain)
    {
        if (!workers.TryGetValue(drain.Worker, out IActorRef? worker))
        {
            Sender.Tell(new WorkerUnknown(drain.Worker, [.. workers.Keys.Order(StringComparer.Ordinal)]));
        }
        else if (!worker.Equals(Sender))
        {
            worker.Forward(drain);
        }
        else if (run is null)
        {
            Sender.Tell(new WorkerDrained(drain.Worker));
        }
        else
        {
            runActor.Forward(drain);
        }
    }

    private void Forward(object message)
    {
        if (run is not null)
        {
            runActor.Forward(message);
        }
    }

    private void ForRun(string? name, object message)
    {
        if (run is not null && (name is null || name == run.Name))
        {
            runActor.Forward(message);
        }
        else if (last is { } over && (name is null || name == over.Run))
        {
            Sender.Tell(over.Ended);
        }
        else if (!loading)
        {
            Sender.Tell(new RunNotThere(name));
        }
    }

    // What has ended has no policies, though it is still known how it ended.
    private void Steer(string? name, object message)
    {
        if (run is not null && last is null && (name is null || name == run.Name))
        {
            runActor.Forward(message);
        }
        else
        {
            Sender.Tell(loading ? new PoliciesRefused("the trainer is reading a run") : new RunNotThere(name));
        }
    }

    private void Submit(Func<StoredRun> open, IActorRef asker)
    {
        // One that has ended is out of the way in a moment.
        if (run is not null && last is not null && !leaving)
        {
            next.Enqueue((open, asker));
        }
        else if (loading || run is not null)
        {
            asker.Tell(new RunRefused(run is null ? "the trainer is reading a run" : $"{run.Name} is in training: follow it or stop it"));
        }
        else
        {
            Load(open, asker);
        }
    }

    // Reading data can take long, and libtorch is loaded with it: not on a thread that others wait for.
    private void Load(Func<StoredRun?> load, IActorRef asker)
    {
        loading = true;
        Task.Factory.StartNew(load, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .PipeTo(Self, success: opened => new Loaded(opened, null, asker), failure: e => new Loaded(null, e, asker));
    }

    private void Begin(Loaded loaded)
    {
        loading = false;
        if (loaded.Failure is { } failure)
        {
            string reason = failure is NoPropException ? failure.Message : $"the run cannot be read: {failure.Message}";
            loaded.Asker.Tell(new RunRefused(reason));
            if (reason != lastFailure)
            {
                log.Warning("no run begins: {0}", reason);
            }

            lastFailure = reason;
            if (loaded.Asker.IsNobody())
            {
                // A trainer that was removed and has not noticed holds the run for a while; a disk that is away comes back.
                Timers.StartSingleTimer(nameof(TakeOver), TakeOver.Instance, links.Silence);
            }
        }

        if (leaving)
        {
            loaded.Run?.Dispose();
            Context.Stop(Self);
        }
        else if (loaded.Run is { } next)
        {
            (run, last, lastFailure) = (next, null, null);
            runActor = Context.Watch(Context.ActorOf(Akka.Actor.Props.Create(() => new RunActor(next, links, version)), $"run-{++started}"));
            loaded.Asker.Tell(new RunAccepted(next.Name, SettingsHocon.ToHocon(next.Plan.Settings), [.. next.Notes]));
        }
    }

    private void Ended(RunEnded ended)
    {
        last = (run!.Name, ended with { Snapshots = [] });
        // A run that only changes its place is still the one in training.
        if (!leaving)
        {
            store.Release();
        }

        Context.Stop(runActor);
    }

    private void Gone()
    {
        run?.Dispose();
        (run, runActor) = (null, ActorRefs.Nobody);
        if (leaving)
        {
            Context.Stop(Self);
        }
        else if (last is null)
        {
            // It has ended without a word: as after the death of a trainer, its checkpoint is where to go on.
            Timers.StartSingleTimer(nameof(TakeOver), TakeOver.Instance, links.Silence);
        }
        else if (next.TryDequeue(out (Func<StoredRun> Open, IActorRef Asker) waiting))
        {
            Submit(waiting.Open, waiting.Asker);
        }
    }

    private void Leave()
    {
        leaving = true;
        if (run is not null)
        {
            runActor.Tell(new HandOver());
        }
        else if (!loading)
        {
            Context.Stop(Self);
        }
    }

    private sealed class TakeOver
    {
        public static readonly TakeOver Instance = new();
    }

    private sealed record Loaded(StoredRun? Run, Exception? Failure, IActorRef Asker);
}
