using Akka.Actor;
using Akka.Event;
using Akka.Remote;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>
/// One end of a link between two nodes. Whatever is told to it comes out at the other end, whole and in order, and is told there to whom its type is
/// routed, with the link as the sender: the actors at both sides do not know of a network between them. A link never mends itself: when anything was
/// lost, or one end stops or falls silent, both ends stop, and whoever watches one takes the other side for dead. The next link is another actor.
/// </summary>
public sealed class LinkActor : ReceiveActor, IWithTimers
{
    private const int CreditEvery = 4;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly LinkSettings settings;
    private readonly Func<IActorContext, ILinkRoutes> open;
    private readonly WireCodec codec = WireCodec.Of(Context.System);
    private readonly LinkOutbox outbox;
    private readonly LinkInbox inbox;
    private IActorRef peer = ActorRefs.Nobody;
    private ILinkRoutes? routes;
    private readonly bool accepts;
    private bool answered;
    private string lastAnswer = "nobody has answered";
    private long credited;
    private Silence silence;

    private LinkActor(LinkSettings settings, Func<IActorContext, ILinkRoutes> open)
    {
        (this.settings, this.open) = (settings, open);
        (outbox, inbox, silence) = (new(settings), new(settings), new(RetryAfter, settings.ConnectTimeout, Now));
    }

    private LinkActor(LinkSettings settings, Func<IActorContext, ILinkRoutes> open, ICanTell acceptor, string name)
        : this(settings, open)
    {
        Become(() => Connecting(acceptor, name));
    }

    private LinkActor(LinkSettings settings, Func<IActorContext, ILinkRoutes> open, IActorRef peer)
        : this(settings, open)
    {
        accepts = true;
        Become(() => Open(peer));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The end that connects.</summary>
    /// <param name="acceptor">Who accepts links at the other node.</param>
    /// <param name="name">This node's name.</param>
    /// <param name="settings">How links behave.</param>
    /// <param name="open">Called when there is a connection; may make the actor for which the link is there, as the link's child.</param>
    public static Props Connect(ICanTell acceptor, string name, LinkSettings settings, Func<IActorContext, ILinkRoutes> open) =>
        Props.CreateBy(new Producer(() => new LinkActor(settings, open, acceptor, name)));

    /// <summary>The end that is connected to; made by <see cref="LinkAcceptorActor"/>.</summary>
    internal static Props Accept(IActorRef peer, LinkSettings settings, Func<IActorContext, ILinkRoutes> open) =>
        Props.CreateBy(new Producer(() => new LinkActor(settings, open, peer)));

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, peer.IsNobody() ? RetryAfter : settings.Heartbeat);
        if (!peer.IsNobody())
        {
            Begin();
            peer.Tell(new LinkWelcome());
        }
    }

    /// <summary>An end that has failed has lost what was under way, and does not begin again.</summary>
    protected override void PreRestart(Exception reason, object message) => Context.Stop(Self);

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new StoppingSupervisorStrategy().Create();

    private void Connecting(ICanTell acceptor, string name)
    {
        LinkHello hello = new(WireVersion.Current, name);
        acceptor.Tell(hello, Self);
        Receive<LinkWelcome>(_ =>
        {
            IActorRef welcomed = Sender;
            Become(() => Open(welcomed));
            Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, settings.Heartbeat);
            Begin();
        });
        Receive<WireVersionMismatch>(mismatch => Fail(
            $"this node speaks version {mismatch.Theirs} and {Where(Sender)} speaks {mismatch.Ours}: install the same release of noprop on both nodes"));
        Receive<LinkNameTaken>(taken => lastAnswer = $"a node named '{name}' is linked already, from {taken.Address}: give every node a name of its own");
        Receive<Tick>(_ =>
        {
            if (silence.IsTooLong(Now))
            {
                Fail($"no link to {acceptor} within {settings.ConnectTimeout.TotalSeconds:0.#} s: {lastAnswer}");
                return;
            }

            acceptor.Tell(hello, Self);
        });
        Receive<LinkMessage>(_ => { });
        // Where a link itself was named as the sender of what it refused: an answer to that would be refused in turn, without end.
        Receive<LinkRefused>(_ => { });
        // Of another node, which has this end's path: its own actors tell it nothing of that kind.
        Receive<INodeMessage>(message => log.Debug("{0} from {1} is not for the other end", message.GetType().Name, Sender.Path));
        ReceiveAny(Send);
    }

    private void Open(IActorRef other)
    {
        peer = other;
        Receive<LinkMessage>(Ignore, _ => !peer.Equals(Sender));
        Receive<LinkHello>(_ => peer.Tell(new LinkWelcome()));
        Receive<LinkChunk>(Take);
        Receive<LinkCredit>(credit =>
        {
            Hear();
            if (!outbox.TryAcknowledge(credit.Received))
            {
                Fail($"{Where(peer)} confirms {credit.Received} chunks, which is not possible");
                return;
            }

            Pump();
        });
        Receive<LinkPing>(ping =>
        {
            Hear();
            if (ping.Sent != inbox.Received)
            {
                Fail($"{Where(peer)} has sent {ping.Sent} chunks and {inbox.Received} have come: a message was lost on its way");
            }
        });
        Receive<LinkMessage>(Ignore);
        Receive<Tick>(_ => Beat());
        Receive<Terminated>(terminated => Fail(
            terminated.ActorRef.Equals(peer) ? $"the other end at {Where(peer)} has stopped" : $"{terminated.ActorRef.Path.Name} has stopped on this node"));
        Receive<DisassociatedEvent>(
            _ => Fail($"the connection to {Where(peer)} is broken"), gone => gone.RemoteAddress.Equals(peer.Path.Address));
        Receive<DisassociatedEvent>(_ => { });
        // Where a link itself was named as the sender of what it refused: an answer to that would be refused in turn, without end.
        Receive<LinkRefused>(_ => { });
        // Of another node, which has this end's path: its own actors tell it nothing of that kind.
        Receive<INodeMessage>(message => log.Debug("{0} from {1} is not for the other end", message.GetType().Name, Sender.Path));
        ReceiveAny(Send);
    }

    private void Hear()
    {
        answered = true;
        silence.End();
    }

    private void Begin()
    {
        silence = new(settings.Heartbeat, settings.Silence, Now);
        Context.Watch(peer);
        // What was under way on a broken connection may be lost, and nobody would say so.
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        routes = open(Context);
        Context.Watch(routes.Local);
        Pump();
    }

    private void Send(object message)
    {
        bool added;
        try
        {
            added = outbox.TryAdd(codec.Encode(routes?.Outgoing(message) ?? message), routes?.Passes(message) ?? false);
        }
        catch (WireException e)
        {
            log.Warning("{0} of {1} is not sent: {2}", message.GetType().Name, Sender.Path, e.Message);
            Sender.Tell(new LinkRefused(message, e.Message));
            return;
        }

        if (added)
        {
            Pump();
            return;
        }

        // What follows a message that is left out must not arrive either.
        string reason = $"{outbox.Queued >> 20} MiB wait to be sent to {Where(peer)}, which does not keep up";
        Sender.Tell(new LinkRefused(message, reason));
        Fail(reason);
    }

    private void Pump()
    {
        while (routes is not null && outbox.Next() is { } chunk)
        {
            peer.Tell(chunk);
        }
    }

    private void Take(LinkChunk chunk)
    {
        Hear();
        try
        {
            if (inbox.Take(chunk) is { } frame)
            {
                Deliver(codec.Decode(frame));
            }
        }
        catch (WireException e)
        {
            Fail($"{Where(peer)} has sent what is no message: {e.Message}");
            return;
        }

        if (inbox.Received - credited >= CreditEvery)
        {
            credited = inbox.Received;
            peer.Tell(new LinkCredit(credited));
        }
    }

    private void Deliver(object message)
    {
        if (routes!.Incoming(message, Self) is var (to, told))
        {
            to.Tell(told, Self);
        }
        else
        {
            log.Warning("{0} from {1} is not told to anybody: the other end has no business to send it now", message.GetType().Name, Where(peer));
        }
    }

    private void Beat()
    {
        if (silence.IsTooLong(Now))
        {
            Fail($"nothing has come from {Where(peer)} for {settings.Silence.TotalSeconds:0.#} s");
            return;
        }

        peer.Tell(new LinkPing(outbox.Sent));
    }

    // Of a former link.
    private void Ignore(LinkMessage message) => log.Debug("{0} from {1} is not of this link", message.GetType().Name, Sender.Path);

    private void Fail(string reason)
    {
        // Somebody has asked for a link and was never heard of again: who asks without end must not fill the log.
        if (accepts && !answered)
        {
            log.Debug("the link ends: {0}", reason);
        }
        else
        {
            log.Info("the link ends: {0}", reason);
            Context.Parent.Tell(new LinkFailed(reason));
        }

        Context.Stop(Self);
        Become(() => ReceiveAny(_ => { }));
    }

    private static string Where(IActorRef actor) => actor.Path.Address.HasGlobalScope ? $"{actor.Path.Address.Host}:{actor.Path.Address.Port}" : actor.Path.Address.ToString();

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Producer(Func<LinkActor> make) : IIndirectActorProducer
    {
        public Type ActorType => typeof(LinkActor);

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
        }
    }
}
