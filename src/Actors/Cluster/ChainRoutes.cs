using Akka.Actor;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Cluster;

/// <summary>On the node that is asked, where the link stands for a worker's node that has blocks of the chain.</summary>
/// <param name="chain">The chain.</param>
/// <param name="name">Name of the worker's node.</param>
public sealed class ChainGatewayRoutes(IActorRef chain, string name) : ILinkRoutes
{
    /// <inheritdoc/>
    public IActorRef Local => chain;

    /// <inheritdoc/>
    public object Outgoing(object message) => message;

    /// <inheritdoc/>
    public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => message switch
    {
        ChainOffered offered => (chain, offered with { Worker = name }),
        ChainReady or ChainStateTaken or ChainPassed or ChainStopped => (chain, message),
        _ => null,
    };

    /// <summary>A request does not wait for newer states: it asks for no block before its first one has come.</summary>
    public bool Passes(object message) => message is not ChainState;
}

/// <summary>On a worker's node, where the link stands for the node that is asked.</summary>
/// <param name="blocks">The node's blocks of the chain.</param>
public sealed class ChainNodeRoutes(IActorRef blocks) : ILinkRoutes
{
    /// <inheritdoc/>
    public IActorRef Local => blocks;

    /// <inheritdoc/>
    public object Outgoing(object message) => message;

    /// <inheritdoc/>
    public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => message switch
    {
        ChainModel or ChainRange or ChainState or ChainImages or ChainImagesOver or ChainAsked => (blocks, message),
        _ => null,
    };

    /// <inheritdoc/>
    public bool Passes(object message) => false;
}
