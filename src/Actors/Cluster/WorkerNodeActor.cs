using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>
/// A node's part as a worker: offers its slots to the cluster's singleton, reads the data of the run that it is told, and trains for it behind a
/// link. When the link ends, because the trainer has moved or was lost for a time, it offers its slots again.
/// </summary>
public sealed class WorkerNodeActor : ReceiveActor, IWithTimers
{
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IActorRef manager;
    private readonly string name;
    private readonly DeviceSlots slots;
    private readonly IRunStore store;
    private readonly LinkSettings links;
    private readonly TimeSpan retry;
    private readonly DataPlace data;
    private IActorRef link = ActorRefs.Nobody;
    private (string Settings, RunPlan Plan)? read;
    private readonly Action leave;
    private readonly List<IActorRef> drainers = [];
    private string? problem;
    private bool loading;
    private bool draining;
    private int started;

    /// <summary>A worker without a run.</summary>
    /// <param name="manager">The singleton, wherever it is.</param>
    /// <param name="name">Name in leases and metrics, of its own in the cluster.</param>
    /// <param name="slots">Blocks trained at once, and on which devices.</param>
    /// <param name="store">Reads data.</param>
    /// <param name="links">How links behave.</param>
    /// <param name="data">Where the images come from.</param>
    /// <param name="retry">Time between two offers.</param>
    /// <param name="leave">Called when the worker was asked to leave, and holds nothing any more.</param>
    public WorkerNodeActor(IActorRef manager, string name, DeviceSlots slots, IRunStore store, LinkSettings links, DataPlace data, TimeSpan retry, Action leave)
    {
        (this.manager, this.name, this.slots, this.store) = (manager, name, slots, store);
        (this.links, this.data, this.retry, this.leave) = (links, data, retry, leave);
        Receive<Tick>(_ =>
        {
            if (draining)
            {
                manager.Tell(new DrainWorker(name) { Own = true });
            }
            else if (link.IsNobody() && !loading)
            {
                manager.Tell(new OfferSlots(name, slots.Count, NoPropHosting.Versions()["noprop"]));
            }
        });
        Receive<JoinRun>(Join, _ => link.IsNobody() && !loading && !draining);
        Receive<JoinRun>(_ => { });
        Receive<Loaded>(Take);
        Receive<LinkFailed>(failed =>
        {
            // A name that is taken or another version stays so with every try: said once.
            if (failed.Reason != problem)
            {
                problem = failed.Reason;
                log.Warning("{0} is not linked to the trainer: {1}", name, failed.Reason);
            }
        });
        Receive<Terminated>(_ => link = ActorRefs.Nobody);
        IActorRef chains = Context.ActorOf(ChainHostActor.Props(name, slots, links), "chains");
        Receive<HostChain>(chains.Forward, _ => !draining);
        Receive<HostChain>(_ => { });
        Receive<DrainWorker>(_ =>
        {
            draining = true;
            Context.Stop(chains);
            drainers.Add(Sender);
            manager.Tell(new DrainWorker(name) { Own = true });
        });
        Receive<WorkerDrained>(Drained, _ => draining);
        Receive<WorkerUnknown>(_ => Drained(new WorkerDrained(name)), _ => draining);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(IActorRef manager, string name, DeviceSlots slots, IRunStore store, LinkSettings links, DataPlace data, TimeSpan retry, Action leave) =>
        Akka.Actor.Props.Create(() => new WorkerNodeActor(manager, name, slots, store, links, data, retry, leave));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TimeSpan.Zero, retry);

    /// <inheritdoc/>
    protected override void PostStop() => read?.Plan.Dataset.Dispose();

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();

    private void Join(JoinRun run)
    {
        if (read is { } known && known.Settings == run.Settings)
        {
            Link(run, known.Plan);
            return;
        }

        loading = true;
        read?.Plan.Dataset.Dispose();
        read = null;
        RemoteData? remote = Remote(run);
        Task.Factory.StartNew(() => store.Load(run.Settings, remote), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .PipeTo(Self, success: plan => new Loaded(run, plan, null), failure: e => new Loaded(run, null, e));
    }

    private void Take(Loaded loaded)
    {
        loading = false;
        if (loaded.Plan is { } other && other.Data != loaded.Run.Data)
        {
            other.Dataset.Dispose();
            log.Warning(
                "{0} cannot train {1}: its copy of {2} has {3}, the trainer's has {4}; give both the same, or start this node with --data remote",
                name, loaded.Run.Run, other.Data.Name, other.Data, loaded.Run.Data);
        }
        else if (loaded.Plan is { } plan)
        {
            read = (loaded.Run.Settings, plan);
            Link(loaded.Run, plan);
        }
        else
        {
            log.Warning(
                "{0} cannot train {1}: {2}", name, loaded.Run.Run, loaded.Failure is NoPropException ? loaded.Failure.Message : $"its data cannot be read: {loaded.Failure?.Message}");
        }
    }

    private void Drained(WorkerDrained drained)
    {
        Timers.Cancel(nameof(Tick));
        drainers.ForEach(drainer => drainer.Tell(drained));
        drainers.Clear();
        leave();
    }

    private void Link(JoinRun run, RunPlan plan)
    {
        RunPlan own = plan with { Settings = plan.Settings with { Slots = slots.Count, Devices = slots.Devices, SlotsPerDevice = null }, Remote = Remote(run) };
        link = Context.Watch(Context.ActorOf(
            LinkActor.Connect(run.Links, name, links, context => new WorkerRoutes(NoPropHosting.StartWorker(context, own, context.Self, name), own.Remote is null ? null : context.Child(NoPropHosting.Loader))),
            $"trainer-{++started}"));
    }

    // The trainer may have moved since the last time.
    private RemoteData? Remote(JoinRun run) => data == DataPlace.Remote ? new(run.Data, $"{run.Links.Path.Address.Host}:{run.Links.Path.Address.Port}") : null;

    private sealed record Loaded(JoinRun Run, RunPlan? Plan, Exception? Failure);

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
