using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>Makes the other end of every link that a node asks for, one for each name at a time.</summary>
public sealed class LinkAcceptorActor : ReceiveActor
{
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Dictionary<string, (IActorRef Peer, IActorRef Link)> links = [];
    private readonly Dictionary<IActorRef, string> names = [];
    private readonly Dictionary<Address, int> addresses = [];
    private readonly Dictionary<string, IActorRef> waiting = [];
    private readonly LinkSettings settings;
    private readonly Func<string, IActorContext, ILinkRoutes> open;
    private long accepted;
    private bool isFull;

    /// <summary>An acceptor of links.</summary>
    /// <param name="settings">How links behave.</param>
    /// <param name="open">The routes of a link from a node of some name.</param>
    public LinkAcceptorActor(LinkSettings settings, Func<string, IActorContext, ILinkRoutes> open)
    {
        (this.settings, this.open) = (settings, open);
        Receive<LinkHello>(Greet);
        Receive<Terminated>(terminated =>
        {
            if (!names.Remove(terminated.ActorRef, out string? name))
            {
                return;
            }

            Address address = links[name].Peer.Path.Address;
            links.Remove(name);
            addresses[address]--;
            if (addresses[address] == 0)
            {
                addresses.Remove(address);
            }

            if (waiting.Remove(name, out IActorRef? peer))
            {
                Accept(name, peer);
            }
        });
        Receive<LinkFailed>(failed => log.Warning("the link to '{0}' ends: {1}", names.GetValueOrDefault(Sender), failed.Reason));
    }

    /// <summary>Props.</summary>
    public static Props Props(LinkSettings settings, Func<string, IActorContext, ILinkRoutes> open) => Akka.Actor.Props.Create(() => new LinkAcceptorActor(settings, open));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();

    private void Greet(LinkHello hello)
    {
        // Whoever names no sender over a network is its node's own dead letters.
        if (Sender.IsNobody() || Sender.Path.ToStringWithoutAddress() == Context.System.DeadLetters.Path.ToStringWithoutAddress())
        {
            return;
        }

        if (hello.Version != WireVersion.Current)
        {
            Sender.Tell(new WireVersionMismatch(WireVersion.Current, hello.Version));
        }
        else if (!links.TryGetValue(hello.Name, out (IActorRef Peer, IActorRef Link) known))
        {
            Accept(hello.Name, Sender);
        }
        else if (known.Peer.Equals(Sender))
        {
            known.Link.Forward(hello);
        }
        else if (known.Peer.Path.Address.Equals(Sender.Path.Address))
        {
            // The same process begins again: who has the old link must hear of its end before there is a new one.
            waiting[hello.Name] = Sender;
            Context.Stop(known.Link);
        }
        else
        {
            Sender.Tell(new LinkNameTaken(known.Peer.Path.Address.ToString()));
        }
    }

    private void Accept(string name, IActorRef peer)
    {
        Address address = peer.Path.Address;
        int ofAddress = addresses.GetValueOrDefault(address);
        if (links.Count >= settings.MaxLinks || ofAddress >= settings.MaxLinksOfAddress)
        {
            // Whoever knocks without end is not answered; it is said once.
            if (!isFull)
            {
                isFull = true;
                log.Warning("no more links are accepted from {0}: there are {1} to it, and {2} in all", address, ofAddress, links.Count);
            }

            return;
        }

        isFull &= ofAddress > 0;
        addresses[address] = ofAddress + 1;
        IActorRef link = Context.Watch(Context.ActorOf(LinkActor.Accept(peer, settings, context => open(name, context)), $"link-{++accepted}"));
        links[name] = (peer, link);
        names[link] = name;
    }
}
