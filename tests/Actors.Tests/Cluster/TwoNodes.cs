using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Two actor systems that talk by remoting on ports of their own, as two processes would.</summary>
internal sealed class TwoNodes
{
    public static readonly LinkSettings Settings = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Config Remoting = ConfigurationFactory.ParseString("""
        akka {
          actor.provider = remote
          remote {
            untrusted-mode = on
            trusted-selection-paths = ["/user/links"]
            dot-netty.tcp { hostname = 127.0.0.1, port = 0, applied-adapters = [trttl] }
          }
        }
        """).WithFallback(WireConfig.Akka());

    public ActorSystem Here { get; } = Start("here");

    public ActorSystem There { get; } = Start("there");

    public static ActorSystem Start(string name, Config? config = null) => ActorSystem.Create(name, Remoting.WithFallback(config ?? SettingsLoader.Load().Config));

    /// <summary>Lets a node accept links.</summary>
    public static IActorRef Accept(ActorSystem system, Func<string, IActorContext, ILinkRoutes> open, LinkSettings? settings = null) =>
        system.ActorOf(LinkAcceptorActor.Props(settings ?? Settings, open), "links");

    /// <summary>The links that another node accepts.</summary>
    public static ActorSelection LinksOf(ActorSystem from, ActorSystem to) => from.ActorSelection(new RootActorPath(((ExtendedActorSystem)to).Provider.DefaultAddress) / "user" / "links");

    /// <summary>Lets nothing through any more, in either direction, and closes no connection.</summary>
    public Task Cut() => ((ExtendedActorSystem)Here).Provider is RemoteActorRefProvider provider
        ? provider.Transport.ManagementCommand(new SetThrottle(
            ((ExtendedActorSystem)There).Provider.DefaultAddress, ThrottleTransportAdapter.Direction.Both, Blackhole.Instance))
        : throw new InvalidOperationException("no remoting");

    public Task StopAsync() => Task.WhenAll(Here.Terminate(), There.Terminate());
}

/// <summary>Whatever comes out of a link is told to one actor.</summary>
internal sealed class OneRoute(IActorRef local, Func<object, bool>? passes = null) : ILinkRoutes
{
    public IActorRef Local => local;

    public object Outgoing(object message) => message;

    public (IActorRef To, object Message)? Incoming(object message, IActorRef link) => (local, message);

    public bool Passes(object message) => passes?.Invoke(message) ?? false;
}
