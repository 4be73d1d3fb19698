using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models.Methods;

namespace NoProp.Actors.Cluster;

/// <summary>Gives a node of a cluster its parts: the run's singleton on trainers, a worker on workers.</summary>
public static class ClusterHosting
{
    /// <summary>How links behave where these time-outs hold: a worker is taken for dead when its lease would run out.</summary>
    public static LinkSettings Links(ClusterTimes times) => new(times.LeaseRenewal, times.LeaseTimeout, times.LinkHandshake);

    /// <summary>Lets the singleton run here, or on another trainer's node.</summary>
    public static IActorRef StartManager(ActorSystem system, ClusterSettings settings, IRunStore store) => system.ActorOf(
        ClusterSingletonManager.Props(
            RunManagerActor.Props(store, Links(settings.Times), NoPropHosting.Versions()["noprop"]),
            new HandOver(),
            ClusterSingletonManagerSettings.Create(system)),
        ClusterConfig.SingletonManager);

    /// <summary>The singleton, wherever it is.</summary>
    public static IActorRef Manager(ActorSystem system) => system.ActorOf(
        ClusterSingletonProxy.Props($"/user/{ClusterConfig.SingletonManager}", ClusterSingletonProxySettings.Create(system)), "manager");

    /// <summary>Lets a worker train here.</summary>
    /// <param name="system">The node's actor system; its compute dispatcher has as many threads as there are slots.</param>
    /// <param name="settings">What the node is.</param>
    /// <param name="manager">The singleton.</param>
    /// <param name="name">Name in leases and metrics, of its own in the cluster.</param>
    /// <param name="slots">Blocks trained at once, and on which devices.</param>
    /// <param name="store">Reads data.</param>
    /// <param name="leave">Called when the worker was asked to leave, and holds nothing any more.</param>
    public static IActorRef StartWorker(ActorSystem system, ClusterSettings settings, IActorRef manager, string name, DeviceSlots slots, IRunStore store, Action leave) =>
        system.ActorOf(WorkerNodeActor.Props(manager, name, slots, store, Links(settings.Times), settings.Data, settings.Times.Base, leave), "worker");

    /// <summary>Starts a chain whose blocks answer on the cluster's worker nodes.</summary>
    /// <param name="system">The actor system of the node that is asked.</param>
    /// <param name="settings">What the node is.</param>
    /// <param name="manager">The singleton.</param>
    /// <param name="method">Method.</param>
    /// <param name="model">The same for the worker nodes.</param>
    /// <param name="view">Told what is to be seen.</param>
    /// <returns>The inference actor.</returns>
    public static IActorRef StartChain(ActorSystem system, ClusterSettings settings, IActorRef manager, IMethod method, ChainModel model, ChainView view) => system.ActorOf(
        InferenceActor.Props(method, links: ChainGatewayActor.Props(method, model, manager, Links(settings.Times), settings.Times.Base, view)), "inference");

    /// <summary>A name for a worker that has none of its own.</summary>
    public static string WorkerName(NodeAddress address) => string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}");
}
