using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>To the run manager: end, so that another node can go on.</summary>
public sealed record HandOver;

/// <summary>
/// The cluster's singleton: takes runs, trains them one at a time in the order in which they came, and goes on with the one that a former trainer
/// has left. All that must outlive it is in the folder of runs, so it needs nothing from the instance before it.
/// </summary>
public sealed partial class RunManagerActor : ReceiveActor, IWithTimers
{
    private const string Reading = "the trainer is reading a run";

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IRunStore store;
    private readonly LinkSettings links;
    private readonly string version;
    private readonly RunTurns turns;
    private readonly WorkerNames workers = new();

    private StoredRun? run;
    private IActorRef runActor = ActorRefs.Nobody;
    private RunAccepted? accepted;
    private bool ended;
    private Task<StoredRun?>? loading;
    private (string? Run, string Why)? blocked;
    private bool leaving;
    private int started;

    /// <summary>A manager that looks for a run that was left.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="links">How links to workers behave.</param>
    /// <param name="version">Version of the software.</param>
    public RunManagerActor(IRunStore store, LinkSettings links, string version)
    {
        (this.store, this.links, this.version, turns) = (store, links, version, new(store));
        Receive<OfferSlots>(offer =>
        {
            (bool isNew, IActorRef? other) = workers.Offer(offer.Worker, Sender);
            if (isNew)
            {
                Context.Watch(Sender);
            }

            if (other is not null)
            {
                log.Warning(
                    "two workers are named '{0}', at {1} and at {2}: only the first one trains; give every worker a --name of its own", offer.Worker, other.Path.Address, Sender.Path.Address);
            }

            Forward(offer);
        });
        Receive<DrainWorker>(Drain);
        Receive<HostChain>(asked =>
        {
            foreach (IActorRef worker in workers.All)
            {
                worker.Forward(asked);
            }
        });
        Receive<SubmitRun>(asked => Submit(asked.Settings, [], asked.Name));
        Receive<ResumeRun>(asked => Submit(null, asked.Changes, asked.Name));
        Receive<GetTurn>(asked => Sender.Tell(Turn(asked.Run)));
        Receive<WithdrawRun>(asked => Sender.Tell(Withdraw(asked.Run)));
        Receive<FollowRun>(follow => ForRun(follow.Run, follow));
        Receive<StopTraining>(stop => ForRun(stop.Run, stop));
        Receive<GetPublished>(asked => ForStates(asked.Run, asked));
        Receive<GetStatePart>(asked => ForStates(asked.Run, asked));
        Receive<GetPolicies>(asked => Steer(asked.Run, asked));
        Receive<ChangePolicies>(asked => Steer(asked.Run, asked));
        Receive<GetTrainingStatus>(_ => Tell(new GetTrainingStatus { Queue = [.. turns.Waiting.Select(waiting => waiting.Name)] }));
        Receive<Loaded>(Begin);
        Receive<RunEnded>(Ended, _ => Sender.Equals(runActor));
        Receive<Terminated>(_ => Gone(), gone => gone.ActorRef.Equals(runActor));
        Receive<Terminated>(gone => workers.Remove(gone.ActorRef));
        Receive<HandOver>(_ => Leave());
        Receive<TakeOver>(_ => TakeOverRun(), _ => run is null && loading is null && !leaving);
        Receive<TakeOver>(_ => { });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(IRunStore store, LinkSettings links, string version) => Akka.Actor.Props.Create(() => new RunManagerActor(store, links, version));

    /// <inheritdoc/>
    protected override void PreStart() => TakeOverRun();

    /// <inheritdoc/>
    protected override void PostStop()
    {
        run?.Dispose();
        // Nobody is there to take what is being read, and the run's folder would stay locked for as long as this process lives.
        loading?.ContinueWith(
            read => read.Result?.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();

    // From the worker itself, which wants to leave, to the trainer; from anybody else to the worker.
    private void Drain(DrainWorker drain)
    {
        if (workers.Find(drain.Worker) is not { } worker)
        {
            Sender.Tell(new WorkerUnknown(drain.Worker, [.. workers.Names]));
        }
        else if (drain.Own && !worker.Equals(Sender))
        {
            // Another one has its name, so that it has nothing to hand over: the first one must not go in its place.
            Sender.Tell(new WorkerDrained(drain.Worker));
        }
        else if (!worker.Equals(Sender))
        {
            worker.Forward(drain);
        }
        else if (run is null || ended)
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
        if (run is not null && !ended && (name is null || name == run.Name))
        {
            runActor.Forward(message);
        }
        else if ((name is null ? turns.LastEnded : turns.IsWaiting(name) ? null : turns.Outcome(name)) is RunEnded over)
        {
            Sender.Tell(new RunNews(over));
        }
        else if (loading is null && (name is null || !turns.IsWaiting(name)))
        {
            Sender.Tell(new RunNotThere(name));
        }
    }

    // What has ended has no policies, though it is still known how it ended.
    private void Steer(string? name, object message)
    {
        if (run is not null && !ended && (name is null || name == run.Name))
        {
            runActor.Forward(message);
        }
        else
        {
            Sender.Tell(loading is not null ? new PoliciesRefused(Reading) : new RunNotThere(name));
        }
    }

    private void Tell(GetTrainingStatus asked)
    {
        // The actor of one that has ended is about to be gone, and would not answer.
        if (run is null || ended)
        {
            Sender.Tell(new TrainingStatus(null, null, [], [], version)
            {
                Queue = asked.Queue,
                Left = blocked?.Run,
                Problem = blocked?.Why ?? (loading is not null ? Reading : ""),
            });
        }
        else
        {
            runActor.Forward(asked);
        }
    }

    // What was begun just when a trainer died is still in the queue.
    private void TakeOverRun() => Load(() =>
        store.Marked is { } marked && store.Queue.Read().FirstOrDefault(waiting => waiting.Name == marked) is { } begun ? Open(begun) : store.TakeOver());

    // Reading data can take long, and libtorch is loaded with it: not on a thread that others wait for.
    private void Load(Func<StoredRun?> load)
    {
        loading = Task.Factory.StartNew(load, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        loading.PipeTo(Self, success: opened => new Loaded(opened, null), failure: e => new Loaded(null, e));
    }

    private void Begin(Loaded loaded)
    {
        string? asked = opening;
        (loading, opening) = (null, null);
        Exception? failure = loaded.Failure;
        try
        {
            turns.Read();
            if ((loaded.Run?.Name ?? (failure is null ? null : asked)) is { } over)
            {
                turns.Remove(over);
            }
        }
        catch (NoPropException e)
        {
            // Whoever cannot say who waits must not begin one twice.
            loaded.Run?.Dispose();
            (loaded, asked, failure) = (new(null, e), null, e);
        }

        if (failure is not null)
        {
            Fail(asked, failure is NoPropException ? failure.Message : $"the run cannot be read: {failure.Message}");
        }

        if (leaving)
        {
            loaded.Run?.Dispose();
            Part();
        }
        else if (loaded.Run is { } next)
        {
            (run, ended, blocked) = (next, false, null);
            runActor = Context.Watch(Context.ActorOf(Akka.Actor.Props.Create(() => new RunActor(next, links, version)), $"run-{++started}"));
            accepted = new RunAccepted(next.Name, SettingsHocon.ToHocon(next.Plan.Settings), [.. next.Notes]);
            if (askers.Remove(next.Name, out IActorRef? asker))
            {
                asker.Tell(accepted);
            }

            TellAskers();
        }
        else if (failure is null || asked is not null)
        {
            GoOn(release: false);
        }
        else
        {
            TellAskers();
        }
    }

    private void Fail(string? asked, string reason)
    {
        if (asked is not null)
        {
            accepted = accepted?.Run == asked ? null : accepted;
            turns.Remember(asked, new RunRefused(reason));
            if (askers.Remove(asked, out IActorRef? asker))
            {
                asker.Tell(new RunRefused(reason));
            }

            log.Warning("{0} does not begin, and does not wait any more: {1}", asked, reason);
            return;
        }

        if (reason != blocked?.Why)
        {
            log.Warning("no run begins: {0}", reason);
        }

        // A trainer that was removed and has not noticed holds the run for a while; a disk that is away comes back.
        blocked = (turns.Left, reason);
        Timers.StartSingleTimer(nameof(TakeOver), TakeOver.Instance, links.Silence);
    }

    private void Ended(RunEnded over)
    {
        // A run that only changes its place is still the one in training.
        if (!leaving)
        {
            ended = true;
            turns.Remember(run!.Name, over with { Snapshots = [] });
            KeepStates(run, over);
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
            Part();
        }
        else if (!ended)
        {
            // It has ended without a word: as after the death of a trainer, its checkpoint is where to go on.
            blocked = (turns.Left, "it has ended without a word, and goes on from its checkpoint");
            Timers.StartSingleTimer(nameof(TakeOver), TakeOver.Instance, links.Silence);
        }
        else
        {
            Next();
        }
    }

    private void Leave()
    {
        leaving = true;
        if (run is not null)
        {
            runActor.Tell(new HandOver());
        }
        else if (loading is null)
        {
            Part();
        }
    }

    private void Part()
    {
        TellAskers();
        Context.Stop(Self);
    }

    private sealed class TakeOver
    {
        public static readonly TakeOver Instance = new();
    }

    private sealed record Loaded(StoredRun? Run, Exception? Failure);
}
