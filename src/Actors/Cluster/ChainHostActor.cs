using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Cluster;

/// <summary>Lets a worker's node answer for blocks of the chains that are spread over the cluster, each behind a link to the node that is asked.</summary>
public sealed class ChainHostActor : ReceiveActor
{
    // Nodes that are asked; each holds the states of its blocks here.
    private const int MostChains = 8;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Dictionary<IActorRef, IActorRef> chains = [];
    private string? problem;
    private int started;

    /// <summary>A node without blocks.</summary>
    /// <param name="name">Name of the worker's node.</param>
    /// <param name="links">How links behave.</param>
    /// <param name="open">Makes the node's part of a chain, as a child of the link.</param>
    public ChainHostActor(string name, LinkSettings links, Func<IActorContext, ILinkRoutes> open)
    {
        // Who asks for another one could let this node knock at any door.
        Receive<HostChain>(
            asked =>
            {
                if (chains.Count < MostChains && !chains.ContainsKey(asked.Links))
                {
                    chains[asked.Links] = Context.Watch(Context.ActorOf(LinkActor.Connect(asked.Links, name, links, open), $"gateway-{++started}"));
                }
            },
            asked => asked.Links.Path.Address.Equals(Sender.Path.Address));
        Receive<Terminated>(terminated =>
        {
            foreach (IActorRef gone in chains.Where(chain => chain.Value.Equals(terminated.ActorRef)).Select(chain => chain.Key).ToArray())
            {
                chains.Remove(gone);
            }
        });
        Receive<LinkFailed>(failed =>
        {
            if (failed.Reason != problem)
            {
                problem = failed.Reason;
                log.Info("{0} answers for no block any more: {1}", name, failed.Reason);
            }
        });
    }

    /// <summary>Props of a worker's node.</summary>
    public static Props Props(string name, DeviceSlots slots, LinkSettings links) => Props(
        name, links, context => new ChainNodeRoutes(context.ActorOf(ChainNodeActor.Props(slots, 2L * links.MaxMessage), "blocks")));

    internal static Props Props(string name, LinkSettings links, Func<IActorContext, ILinkRoutes> open) =>
        Akka.Actor.Props.Create(() => new ChainHostActor(name, links, open));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();
}
