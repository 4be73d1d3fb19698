using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Faults;

/// <summary>
/// The faults of a node that was started to allow them. They are the process's, not the actor system's: a node that was removed and joins again
/// is still cut off.
/// </summary>
/// <param name="key">Who knows it may inject.</param>
public sealed class NodeFaults(string key)
{
    /// <summary>Name below <c>/user</c> of the actor that obeys.</summary>
    public const string ActorName = "faults";

    private readonly Lock gate = new();
    private ImmutableArray<NodeAddress> cut = [];
    private TimeSpan until;

    /// <summary>
    /// What Akka needs for it. To be cut off a node needs Akka's throttling adapter around its transport: all nodes of a cluster must have it or none,
    /// because it shows in their addresses.
    /// </summary>
    public static Config Config(bool cuts) => ConfigurationFactory.ParseString($"""
        akka.remote.dot-netty.tcp.applied-adapters = [{(cuts ? "trttl" : "")}]
        akka.remote.trusted-selection-paths = [{string.Join(", ", ClusterConfig.TrustedPaths.Append($"/user/{ActorName}").Select(SettingsSyntax.Quote))}]
        """);

    private static TimeSpan Now => TimeSpan.FromMilliseconds(Environment.TickCount64);

    /// <summary>Gives an actor system that has not joined yet what still holds, and lets it obey.</summary>
    public void Apply(ActorSystem system)
    {
        system.ActorOf(Props.Create(() => new FaultsActor(this, key)), ActorName);
        lock (gate)
        {
            if (Now < until)
            {
                Throttle(system, cut, Blackhole.Instance);
                HealAfter(system, cut, until - Now);
            }
        }
    }

    private void CutOff(ActorSystem system, ImmutableArray<NodeAddress> from, TimeSpan length)
    {
        lock (gate)
        {
            (cut, until) = (from, Now + length);
        }

        Throttle(system, from, Blackhole.Instance);
        HealAfter(system, from, length);
    }

    private static void HealAfter(ActorSystem system, ImmutableArray<NodeAddress> from, TimeSpan length) =>
        system.Scheduler.Advanced.ScheduleOnce(length, () => Throttle(system, from, Unthrottled.Instance));

    private static void Throttle(ActorSystem system, ImmutableArray<NodeAddress> from, ThrottleMode mode)
    {
        RemoteTransport transport = ((IRemoteActorRefProvider)((ExtendedActorSystem)system).Provider).Transport;
        foreach (NodeAddress node in from)
        {
            transport.ManagementCommand(new SetThrottle(
                new Address("akka", system.Name, node.Host, node.Port), ThrottleTransportAdapter.Direction.Both, mode));
        }
    }

    /// <summary>Thrown on demand.</summary>
    internal sealed class InjectedFaultException() : Exception("a fault was injected");

    /// <summary>To the head on the same node: throw. It cannot travel.</summary>
    internal sealed record Throw;

    /// <summary>Obeys whoever has the key.</summary>
    private sealed class FaultsActor : ReceiveActor
    {
        public FaultsActor(NodeFaults faults, string key)
        {
            Receive<InjectFault>(_ => Sender.Tell(new FaultRefused("this node was started with another key")), fault => fault.Key != key);
            Receive<InjectFault>(fault =>
            {
                NodeAddress[] from = [.. fault.From.Select(text => NodeAddress.TryParse(text, out NodeAddress address) ? address : default)];
                if (fault.Fault == NodeFault.HeadFails)
                {
                    Context.System.ActorSelection($"/user/{ClusterConfig.SingletonManager}/{ClusterConfig.Singleton}/*/trainer/head").Tell(new Throw());
                }
                else if (from.Contains(default))
                {
                    Sender.Tell(new FaultRefused("a node to be cut off from must be HOST:PORT"));
                    return;
                }
                else
                {
                    faults.CutOff(Context.System, [.. from], fault.For);
                }

                Sender.Tell(new FaultInjected());
            });
        }
    }
}
