using Akka.Actor;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Cluster;

/// <summary>What a link does with the messages of one run.</summary>
public interface ILinkRoutes
{
    /// <summary>The actor on this side for which the link is there: it ends with it.</summary>
    IActorRef Local { get; }

    /// <summary>A message as it is sent to the other end.</summary>
    object Outgoing(object message);

    /// <summary>A message from the other end as it is told here, and to whom; null where the other end has no business to send it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="link">This end of the link, the sender as far as anybody here knows.</param>
    (IActorRef To, object Message)? Incoming(object message, IActorRef link);

    /// <summary>Whether a message may pass others that were sent before it: nothing that it says depends on them.</summary>
    bool Passes(object message);
}

/// <summary>
/// On the trainer's node, where the link stands for a worker. Messages to the head and to the trainer keep their common order: a gradient that a
/// commit accounts for must be there before the commit.
/// </summary>
/// <param name="trainer">The trainer.</param>
/// <param name="data">Has the images, for nodes without a copy of their own; null for nobody.</param>
public sealed class TrainerRoutes(IActorRef trainer, IActorRef? data = null) : ILinkRoutes
{
    private IActorRef? head;

    /// <inheritdoc/>
    public IActorRef Local => trainer;

    /// <inheritdoc/>
    public object Outgoing(object message)
    {
        // Whoever holds a lease asks the head that the lease names; it comes back here.
        head = (message as GrantLease)?.Shared?.Head ?? head;
        return message;
    }

    /// <inheritdoc/>
    public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => message switch
    {
        RequestShared or ApplyGradient or ProbeShared or LeaseOver => head is null ? null : (head, message),
        RegisterWorker or StepsCommitted or LeaseRenewed or BlockRestarted or BlockGaveUp or GradientProbed => (trainer, message),
        RequestImages => data is null ? null : (data, message),
        _ => null,
    };

    /// <inheritdoc/>
    public bool Passes(object message) => false;
}

/// <summary>On a worker's node, where the link stands for the trainer and for the head.</summary>
/// <param name="worker">The worker.</param>
/// <param name="loader">Its loader, where the images come from the trainer's node; null where they are here.</param>
public sealed class WorkerRoutes(IActorRef worker, IActorRef? loader = null) : ILinkRoutes
{
    /// <inheritdoc/>
    public IActorRef Local => worker;

    /// <inheritdoc/>
    public object Outgoing(object message) => message;

    /// <inheritdoc/>
    public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => message switch
    {
        GrantLease { Shared: { } source } grant => (worker, grant with { Shared = source with { Head = link } }),
        GrantLease or TruncateLease or RevokeLease or SharedReady or SharedProbed => (worker, message),
        ImagesReady => loader is null ? null : (loader, message),
        _ => null,
    };

    /// <summary>That a lease is still worked at: it holds while the commit of an earlier one is on its way.</summary>
    public bool Passes(object message) => message is LeaseRenewed;
}
