using Akka.Actor;
using NoProp.Actors.Cluster;
using NoProp.Actors.Faults;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Host.Cluster;

/// <summary>Somebody who uses a cluster without working in it: a member without a role, for as long as the command runs.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private readonly ClusterNode node;
    private readonly IActorRef manager;
    private readonly ClusterTimes times;

    private ClusterClient(ClusterNode node, ClusterTimes times)
    {
        (this.node, this.times) = (node, times);
        manager = ClusterHosting.Manager(node.System);
    }

    /// <summary>The members of the cluster as this one sees them.</summary>
    public Akka.Cluster.ClusterEvent.CurrentClusterState Members => Akka.Cluster.Cluster.Get(node.System).State;

    /// <summary>Where the node listens that holds the trainer, as far as this one knows; null where there is none.</summary>
    public NodeAddress? Trainer
    {
        get
        {
            Akka.Cluster.Member? oldest = Members.Members
                .Where(member => member.HasRole(ClusterConfig.RoleName(NodeRole.Trainer)) && member.Status == Akka.Cluster.MemberStatus.Up)
                .Aggregate((Akka.Cluster.Member?)null, (oldest, member) => oldest is null || member.IsOlderThan(oldest) ? member : oldest);
            return oldest is null ? null : new(oldest.Address.Host, oldest.Address.Port ?? 0);
        }
    }

    /// <summary>Joins.</summary>
    /// <exception cref="SettingsException">No node of the cluster is named.</exception>
    /// <exception cref="NoPropException">None of them answers.</exception>
    public static async Task<ClusterClient> JoinAsync(LoadedSettings loaded, CancellationToken cancellation)
    {
        ClusterSettings settings = loaded.Settings.Cluster;
        if (settings.Join.Count == 0)
        {
            throw new SettingsException("name a node of the cluster with --join HOST:PORT");
        }

        return new(await ClusterNode.StartAsync(settings with { Roles = [], Port = 0, PublicPort = null }, loaded.Config, cancellation: cancellation), settings.Times);
    }

    /// <summary>Asks the singleton.</summary>
    /// <param name="question">What.</param>
    /// <param name="what">The same for people.</param>
    /// <param name="patience">How long to wait for the answer; null for as long as a trainer may take to be replaced.</param>
    /// <exception cref="NoPropException">It does not answer.</exception>
    public async Task<object> AskAsync(object question, string what, TimeSpan? patience = null)
    {
        TimeSpan within = patience ?? times.TrainerReplacement + times.JoinTimeout;
        try
        {
            Task<object> answer = manager.Ask<object>(question, within);
            return await Task.WhenAny(answer, node.Ended) == answer || answer.IsCompletedSuccessfully ? await answer : throw new NoPropException((await node.Ended).Reason);
        }
        catch (AskTimeoutException)
        {
            throw new NoPropException(
                Members.Members.Any(member => member.HasRole(ClusterConfig.RoleName(NodeRole.Trainer)))
                    ? $"the trainer has not answered within {within.TotalSeconds:0} s when it was asked {what}"
                    : "the cluster has no trainer: start a node with --role trainer that joins it");
        }
    }

    /// <summary>Asks a node to suffer a fault.</summary>
    /// <param name="node">A node that allows faults.</param>
    /// <param name="fault">Which one.</param>
    /// <param name="patience">How long to wait for the answer.</param>
    /// <exception cref="NoPropException">It does not answer, or refuses.</exception>
    public async Task InjectAsync(NodeAddress node, InjectFault fault, TimeSpan patience)
    {
        Address own = Akka.Cluster.Cluster.Get(this.node.System).SelfAddress;
        ActorSelection faults = this.node.System.ActorSelection(new RootActorPath(own.WithHost(node.Host).WithPort(node.Port)) / "user" / NodeFaults.ActorName);
        try
        {
            if (await faults.Ask<object>(fault, patience) is FaultRefused refused)
            {
                throw new NoPropException($"{node} refuses the fault: {refused.Reason}");
            }
        }
        catch (AskTimeoutException)
        {
            throw new NoPropException($"{node} does not answer, or was not started to allow faults");
        }
    }

    /// <summary>Tells the singleton.</summary>
    public void Tell(object message) => manager.Tell(message);

    /// <summary>Follows a run to its end, wherever its trainer moves meanwhile.</summary>
    /// <param name="run">Its name.</param>
    /// <param name="observe">Told every event.</param>
    /// <param name="cancellation">Stops following, not the run.</param>
    /// <exception cref="ClientRemovedException">This member was removed from the cluster.</exception>
    /// <exception cref="NoPropException">It is not in training.</exception>
    public async Task<RunEnded> FollowAsync(string run, Action<RunEvent> observe, CancellationToken cancellation)
    {
        TaskCompletionSource<RunEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef follower = node.System.ActorOf(RunFollowerActor.Props(manager, run, times.Base, observe, ended));
        await using CancellationTokenRegistration registration = cancellation.Register(() => ended.TrySetCanceled(cancellation));
        Task first = await Task.WhenAny(ended.Task, node.Ended);
        node.System.Stop(follower);
        return first == ended.Task ? await ended.Task : throw new ClientRemovedException($"{(await node.Ended).Reason}; {run} goes on without it");
    }

    /// <summary>A service whose chain is spread over the cluster's worker nodes. It ends with this member.</summary>
    /// <param name="run">The run in training.</param>
    /// <param name="settings">Its settings, with this process's own for what is not the run's.</param>
    /// <param name="method">What is trained.</param>
    /// <param name="dataset">What it is trained on; its images are not needed.</param>
    /// <param name="tell">Told when another node answers, a line each.</param>
    public InferenceService Spread(PublishedStates run, NoPropSettings settings, IMethod method, Dataset dataset, Action<string> tell)
    {
        TorchRuntime.Load();
        ChainView view = new(tell);
        IActorRef chain = ClusterHosting.StartChain(node.System, settings.Cluster, manager, method, new(run.Run, run.Settings, run.Data), view);
        return InferenceService.Over(node.System, chain, settings, method, dataset, view);
    }

    /// <summary>Completes when this member is none any more.</summary>
    public Task<NodeEnd> Ended => node.Ended;

    /// <summary>Waits a moment for the end of this member, which others or itself may have removed.</summary>
    /// <param name="patience">How long.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> HasEndedAsync(TimeSpan patience, CancellationToken cancellation) =>
        await Task.WhenAny(node.Ended, Task.Delay(patience, cancellation)) == node.Ended;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => node.DisposeAsync();
}

/// <summary>A member that only looks on was removed from the cluster. What it looked at goes on.</summary>
/// <param name="message">One line.</param>
internal sealed class ClientRemovedException(string message) : NoPropException(message);
