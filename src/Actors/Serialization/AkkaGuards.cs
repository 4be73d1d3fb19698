using Akka.Actor;
using Akka.Cluster.Serialization;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;

namespace NoProp.Actors.Serialization;

/// <summary>Of Akka's own messages between actors: who are you, and signs of life. No Kill, no settings, no routers, no exceptions.</summary>
/// <param name="system">The actor system.</param>
internal sealed class MiscGuard(ExtendedActorSystem system) : GuardedSerializer(system, 16, new MiscMessageSerializer(system), Manifests("ID", "AID", "RWHB", "RWHR"));

/// <summary>Of what the actor system itself tells actors: that somebody watches them, and that somebody has ended. Nothing that changes an actor.</summary>
/// <param name="system">The actor system.</param>
internal sealed class SystemGuard(ExtendedActorSystem system)
    : GuardedSerializer(system, 22, new SystemMessageSerializer(system), Types(typeof(Watch), typeof(Unwatch), typeof(DeathWatchNotification)));

/// <summary>Messages to an actor that is named by its path, not within each other.</summary>
/// <param name="system">The actor system.</param>
internal sealed class SelectionGuard(ExtendedActorSystem system) : GuardedSerializer(system, 6, new MessageContainerSerializer(system), Manifests(""));

/// <summary>The cluster's messages, without pools of routers, which would bring messages of any kind.</summary>
/// <param name="system">The actor system.</param>
internal sealed class ClusterGuard(ExtendedActorSystem system) : GuardedSerializer(
    system,
    5,
    new ClusterMessageSerializer(system),
    Manifests(
        "HB", "HBR",
        Internal("Join"), Internal("Welcome"), Internal("InitJoin"), Internal("InitJoinAck"), Internal("InitJoinNack"), Internal("ExitingConfirmed"),
        "Akka.Cluster.ClusterUserAction+Leave, Akka.Cluster", "Akka.Cluster.ClusterUserAction+Down, Akka.Cluster",
        "Akka.Cluster.GossipStatus, Akka.Cluster", "Akka.Cluster.GossipEnvelope, Akka.Cluster"))
{
    private static string Internal(string name) => $"Akka.Cluster.InternalClusterAction+{name}, Akka.Cluster";
}

/// <summary>Actors that are to be made on another node: none.</summary>
/// <param name="system">The actor system.</param>
internal sealed class DeploymentGuard(ExtendedActorSystem system) : RefusingSerializer(system)
{
    /// <inheritdoc/>
    public override int Identifier => 3;
}

/// <summary>Messages of whatever type is made by Protocol Buffers: none.</summary>
/// <param name="system">The actor system.</param>
internal sealed class ProtobufGuard(ExtendedActorSystem system) : RefusingSerializer(system)
{
    /// <inheritdoc/>
    public override int Identifier => 2;
}

/// <summary>Akka's reliable delivery, which is not used: no messages.</summary>
/// <param name="system">The actor system.</param>
internal sealed class DeliveryGuard(ExtendedActorSystem system) : RefusingSerializer(system)
{
    /// <inheritdoc/>
    public override int Identifier => 36;
}
