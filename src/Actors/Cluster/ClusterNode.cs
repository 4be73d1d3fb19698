using System.Net.Sockets;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using NoProp.Models;
using Membership = Akka.Cluster.Cluster;

namespace NoProp.Actors.Cluster;

/// <summary>This process as a node of a cluster, from joining to leaving.</summary>
public sealed partial class ClusterNode : IAsyncDisposable
{
    private const int RefusalsEvery = 30;

    private readonly ClusterSettings settings;
    private readonly ClusterTimes times;
    private readonly Membership membership;
    private readonly CoordinatedShutdown shutdown;

    private ClusterNode(ActorSystem system, ClusterSettings settings)
    {
        System = system;
        this.settings = settings;
        times = settings.Times;
        membership = Membership.Get(system);
        shutdown = CoordinatedShutdown.Get(system);
        Ended = EndAsync();
    }

    /// <summary>The node's actor system.</summary>
    public ActorSystem System { get; }

    /// <summary>Where the other nodes reach it.</summary>
    public NodeAddress Address => At(membership.SelfAddress);

    /// <summary>Completes when the node is no member any more and its actor system has ended; never fails.</summary>
    public Task<NodeEnd> Ended { get; }

    /// <summary>Starts a node and waits until it is a member of the cluster.</summary>
    /// <param name="settings">What it is.</param>
    /// <param name="config">More for the actor system; wins over what <paramref name="settings"/> say.</param>
    /// <param name="prepare">Called with the actor system before it joins.</param>
    /// <param name="cancellation">Ends the waiting, and the node.</param>
    /// <exception cref="Hosting.SettingsException">Two time-outs do not fit together.</exception>
    /// <exception cref="NoPropException">A certificate cannot be used, the port is taken, or nobody lets the node in.</exception>
    public static async Task<ClusterNode> StartAsync(ClusterSettings settings, Config? config = null, Action<ActorSystem>? prepare = null, CancellationToken cancellation = default)
    {
        BootstrapSetup bootstrap = BootstrapSetup.Create()
            .WithConfig((config ?? ConfigurationFactory.Empty).WithFallback(ClusterConfig.Create(settings)));
        ActorSystemSetup setup = settings.Tls is { } tls
            ? bootstrap.And(ClusterSecurity.Load(tls, DateTimeOffset.Now))
            : ActorSystemSetup.Create(bootstrap);
        ClusterNode node = new(Listen(settings, setup.And(new LogFilterBuilder().ExcludeMessageRegex(BrokenConnection()).Build())), settings);
        try
        {
            prepare?.Invoke(node.System);
            await node.JoinAsync(cancellation);
            node.System.ActorOf(Props.Create(() => new NodeExitActor(node.times.LinkHandshake)), "exits");
            node.System.ActorOf(Props.Create(() => new RefusalsActor(RefusalsEvery * node.times.Base)), "refusals");
            if (node.membership.SelfRoles.Contains(ClusterConfig.RoleName(NodeRole.Voter)))
            {
                // Between the resolver's two decisions to be made: unreachable, and for how long.
                node.System.ActorOf(Props.Create(() => new CutOffWorkersActor(node.times.StableAfter / 2, null)), "cut-off-workers");
            }

            return node;
        }
        catch
        {
            await node.AbandonAsync();
            throw;
        }
    }

    /// <summary>Hands over, leaves the cluster and ends the actor system, all within <see cref="ClusterTimes.LeaveTimeout"/>.</summary>
    /// <returns>How it ended.</returns>
    public async Task<NodeEnd> LeaveAsync()
    {
        _ = shutdown.Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        if (await Task.WhenAny(Ended, Task.Delay(times.LeaveTimeout)) != Ended)
        {
            await AbandonAsync();
            return new(NodeEndKind.Stopped, $"{Address} has waited {times.LeaveTimeout.TotalSeconds:0.#} s for the other nodes to let it leave, and has ended");
        }

        return await Ended;
    }

    /// <inheritdoc cref="LeaveAsync"/>
    public async ValueTask DisposeAsync() => await LeaveAsync();

    private static ActorSystem Listen(ClusterSettings settings, ActorSystemSetup setup)
    {
        try
        {
            return ActorSystem.Create(settings.Name, setup);
        }
#pragma warning disable CA1031 // Akka wraps what the socket said in one exception after the other, of no common type.
        catch (Exception e)
#pragma warning restore CA1031
        {
            SocketException? socket = Causes(e).OfType<SocketException>().FirstOrDefault();
            throw new NoPropException(
                $"this node cannot listen at {settings.Host}:{settings.Port} ({(socket ?? e.GetBaseException()).Message}): set noprop.cluster.host to an address of this "
                + "machine, and noprop.cluster.port to one that is free, or 0",
                e);
        }
    }

    private static IEnumerable<Exception> Causes(Exception e) =>
        new[] { e }.Concat(e is AggregateException many ? many.InnerExceptions.SelectMany(Causes) : e.InnerException is { } inner ? Causes(inner) : []);

    private async Task JoinAsync(CancellationToken cancellation)
    {
        TaskCompletionSource up = new(TaskCreationOptions.RunContinuationsAsynchronously);
        membership.RegisterOnMemberUp(up.SetResult);
        if (settings.Join.Count == 0)
        {
            membership.Join(membership.SelfAddress);
        }
        else
        {
            membership.JoinSeedNodes(settings.Join.Select(seed => new Address(membership.SelfAddress.Protocol, settings.Name, Bare(seed.Host), seed.Port)));
        }

        Task late = Task.Delay(times.JoinTimeout, cancellation);
        Task first = await Task.WhenAny(up.Task, Ended, late);
        cancellation.ThrowIfCancellationRequested();
        if (first == Ended)
        {
            throw new NoPropException($"{Address} cannot join {Whom()}: {(await Ended).Reason}");
        }

        if (first == late)
        {
            throw new NoPropException(
                $"{Address} has waited {times.JoinTimeout.TotalSeconds:0.#} s for {Whom()} to let it join the cluster '{settings.Name}': see that a node of that cluster listens "
                + "there, reaches this address, and has a certificate if this node has one");
        }
    }

    // What to do for one that does not come again of itself.
    private string Again => settings.Roles.Count == 0 ? "run this command again"
        : settings.Join.Count == 0 ? "start it again with --join HOST:PORT of a node that is still there: without --join it begins a cluster of its own"
        : "start it again to join";

    private string Whom() => settings.Join.Count == 0 ? "itself" : string.Join(" or ", settings.Join);

    private async Task<NodeEnd> EndAsync()
    {
        await System.WhenTerminated;
        return shutdown.ShutdownReason switch
        {
            CoordinatedShutdown.ClusterLeavingReason => new(NodeEndKind.Left, $"{Address} has left the cluster '{settings.Name}'"),
            CoordinatedShutdown.ClusterDowningReason => new(
                NodeEndKind.Downed,
                $"{Address} was removed from the cluster '{settings.Name}': it was cut off from the voters, or did not answer for longer than "
                + $"{times.AcceptablePause.TotalSeconds:0.#} s; {Again}"),
            // Akka keeps this reason to itself.
            { } reason when reason.GetType().Name == "TlsHandshakeFailureReason" => new(
                NodeEndKind.Refused,
                "the node that was called has no trusted certificate or does not trust this one's: see that noprop.cluster.tls.trusted on both names the other's "
                + "certificate or its authority's; or it stopped in the middle of the handshake"),
            _ => new(NodeEndKind.Stopped, $"the actor system of {Address} has ended"),
        };
    }

    // Without a word to the others: there is nobody to tell, or nobody listens.
    private async Task AbandonAsync()
    {
        ((ExtendedActorSystem)System).Abort();
        await Task.WhenAny(Ended, Task.Delay(times.LeaveTimeout));
    }

    // Said by several of Akka's actors, some with a stack trace or all that a stranger sent, where the cluster or this class says it once in
    // one line: connections that break, handshakes that fail, addresses that cannot be listened at. And what is no news: the
    // singleton's proxy warns before it has looked for it, and the resolver prints all that it knows; who was removed is said anyway. Of what
    // strangers and broken machines send, message by message, RefusalsActor gives the number.
    [GeneratedRegex(
        """
        Association\ with\ remote\ system | Tried\ to\ associate\ with\ unreachable | EndpointDisassociatedException | NotSslRecordException
        | TLS\ handshake\ failed | Failed\ to\ bind\ to | Couldn't\ join\ seed\ nodes
        | Deserialization\ failed\ for\ message | Error\ caught\ channel | Transient\ (association\ )?error | Error\ while\ decoding\ incoming
        | (endpointWriter|remoting\ \(akka://[^)]*\))\]\ (the\ type\ '|a\ message\ '|messages\ are\ nested) | unhandled\ event | Dropping\ message\ \[ | Error\ while\ resolving\ address
        | ClusterSingletonProxy\ failed\ to\ find | Unable\ to\ REMOVE\ channel | SBR\ took\ decision
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex BrokenConnection();

    private static NodeAddress At(Address address) => new(address.Host.Trim('[', ']'), address.Port ?? 0);

    private static string Bare(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}
