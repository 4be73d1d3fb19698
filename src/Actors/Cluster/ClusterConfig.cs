using System.Globalization;
using System.Text;
using Akka.Configuration;
using NoProp.Actors.Hosting;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>What Akka needs to know of a node.</summary>
public static class ClusterConfig
{
    /// <summary>Name below <c>/user</c> of the actor that keeps the trainer a singleton.</summary>
    public const string SingletonManager = "run";

    /// <summary>Name of the singleton below it.</summary>
    public const string Singleton = "singleton";

    // Found by name from other nodes: what Akka itself needs, and the singleton. All else is reached by reference only.
    internal static readonly string[] TrustedPaths =
    [
        "/system/cluster/core/daemon", "/system/cluster/heartbeatReceiver", "/system/remote-watcher",
        $"/user/{SingletonManager}", $"/user/{SingletonManager}/{Singleton}",
    ];

    /// <summary>Address, roles and time-outs, and cluster.conf below them.</summary>
    /// <exception cref="SettingsException">Two time-outs do not fit together.</exception>
    public static Config Create(ClusterSettings settings)
    {
        ClusterTimes times = settings.Times;
        StringBuilder text = new();
        Text("akka.remote.dot-netty.tcp.hostname", settings.Host);
        Set("akka.remote.dot-netty.tcp.port", settings.Port.ToString(CultureInfo.InvariantCulture));
        Text("akka.remote.dot-netty.tcp.public-hostname", settings.PublicHost ?? settings.Host);
        Set("akka.remote.dot-netty.tcp.public-port", (settings.PublicPort ?? 0).ToString(CultureInfo.InvariantCulture));
        Set("akka.remote.dot-netty.tcp.enable-ssl", settings.Tls is null ? "off" : "on");
        Set("akka.remote.trusted-selection-paths", List(TrustedPaths));
        Set("akka.cluster.roles", List(RoleNames(settings.Roles)));

        // A connection that fails is tried again well within the time that its purpose has.
        Time("akka.remote.dot-netty.tcp.connection-timeout", times.LinkHandshake);
        Time("akka.remote.handshake-timeout", times.LinkHandshake);
        Time("akka.remote.retry-gate-closed-for", times.Base);

        Time("akka.cluster.seed-node-timeout", 2 * times.Base);
        Time("akka.cluster.retry-unsuccessful-join-after", 2 * times.Base);
        Time("akka.cluster.failure-detector.heartbeat-interval", times.HeartbeatInterval);
        // A worker that is cut off from the voters finds them unreachable as they find it, and the resolver, which cannot tell who is at fault, would
        // remove all of them. So who has no vote takes longer, and is removed before.
        Time("akka.cluster.failure-detector.acceptable-heartbeat-pause", RoleNames(settings.Roles).Contains(RoleName(NodeRole.Voter)) ? times.AcceptablePause : times.PauseWithoutVote);
        Time("akka.cluster.failure-detector.expected-response-after", times.HeartbeatInterval);
        Time("akka.cluster.failure-detector.min-std-deviation", times.HeartbeatInterval / 10);
        Time("akka.cluster.gossip-interval", times.Base);
        Time("akka.cluster.gossip-time-to-live", 2 * times.Base);
        Time("akka.cluster.leader-actions-interval", times.Base);
        Time("akka.cluster.unreachable-nodes-reaper-interval", times.Base);
        Time("akka.cluster.periodic-tasks-initial-delay", times.Base);
        Time("akka.cluster.split-brain-resolver.stable-after", times.StableAfter);
        Time("akka.cluster.split-brain-resolver.down-all-when-unstable", times.UnstableAfter);
        Time("akka.cluster.down-removal-margin", times.DownRemovalMargin);
        Time("akka.cluster.singleton.hand-over-retry-interval", times.HandOverRetry);
        Set("akka.cluster.singleton.min-number-of-hand-over-retries", HandOverRetries(times).ToString(CultureInfo.InvariantCulture));
        Text("akka.cluster.singleton.singleton-name", Singleton);
        Text("akka.cluster.singleton.role", RoleName(NodeRole.Trainer));
        Time("akka.cluster.singleton-proxy.singleton-identification-interval", times.Base);
        Text("akka.cluster.singleton-proxy.singleton-name", Singleton);
        Text("akka.cluster.singleton-proxy.role", RoleName(NodeRole.Trainer));
        foreach (string phase in (string[])["cluster-leave", "cluster-exiting", "cluster-exiting-done", "cluster-shutdown"])
        {
            Time($"akka.coordinated-shutdown.phases.{phase}.timeout", times.LeaveTimeout);
        }

        return ConfigurationFactory.ParseString(text.ToString())
            .WithFallback(ConfigurationFactory.ParseString(SettingsHocon.Resource("cluster.conf").Text))
            .WithFallback(WireConfig.Akka());

        void Set(string path, string value) => text.Append(path).Append(" = ").Append(value).Append('\n');
        void Text(string path, string value) => Set(path, SettingsSyntax.Quote(value));
        void Time(string path, TimeSpan value) => Set(path, string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0}ms"));
    }

    /// <summary>A role as the cluster calls it.</summary>
    public static string RoleName(NodeRole role) => role.ToString().ToLowerInvariant();

    /// <summary>The roles as the cluster calls them. Every trainer is a voter.</summary>
    internal static IEnumerable<string> RoleNames(IEnumerable<NodeRole> roles) =>
        roles.SelectMany(role => role == NodeRole.Trainer ? [role, NodeRole.Voter] : (NodeRole[])[role]).Distinct().Select(RoleName);

    // The singleton's manager gives up after as many as fill the removal margin and the time that a leaving node has.
    private static int HandOverRetries(ClusterTimes times) => (int)Math.Ceiling((times.LeaveTimeout + times.DownRemovalMargin) / times.HandOverRetry);

    private static string List(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(SettingsSyntax.Quote))}]";
}
