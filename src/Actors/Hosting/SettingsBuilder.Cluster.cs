using System.Net;
using NoProp.Actors.Cluster;
using static NoProp.Actors.Hosting.SettingsTable;

namespace NoProp.Actors.Hosting;

/// <summary>The settings of a cluster.</summary>
internal sealed partial class SettingsBuilder
{
    private ClusterSettings Cluster()
    {
        ClusterSettings cluster = new(
            Get(SettingsTable.ClusterName),
            Get(ClusterHost),
            Get(ClusterPort),
            Get(PublicHost),
            Get(PublicPort),
            Get(SettingsTable.Join),
            Get(Roles),
            Get(Certificate) is { } certificate ? new(certificate, Get(CertificateKey), Get(PasswordFile), Get(Trusted)) : null,
            Get(Insecure),
            Get(BaseTime),
            new(
                Get(ClusterLease), Get(ClusterRenewal), Get(Heartbeat), Get(AcceptablePause), Get(StableAfter), Get(UnstableAfter),
                Get(DownRemovalMargin), Get(HandOverRetry), Get(LinkHandshake), Get(JoinTimeout), Get(LeaveTimeout)))
        {
            Data = Get(ClusterData),
            PolicyAssemblies = Get(ClusterPolicies),
        };
        if (cluster is { Tls: null, Insecure: false } && !IsLoopback(cluster.Host))
        {
            throw Fault(
                ClusterHost,
                $"other machines reach this address: set {Certificate.Path} so that strangers cannot join, or {Insecure.Path} = on if every machine there may");
        }

        if (cluster.PublicHost is null && IsAnyAddress(cluster.Host))
        {
            throw Fault(ClusterHost, $"listens at every address of this machine: set {PublicHost.Path} to the one that the other nodes use");
        }

        if (cluster.PublicHost is { } host && IsAnyAddress(host))
        {
            throw Fault(PublicHost, "must be one address that the other nodes can reach");
        }

        Setting? idle = Array.Find<Setting>([CertificateKey, PasswordFile, Trusted], setting => cluster.Tls is null && values[setting].Origin is not null && !IsNothing(setting));
        if (idle is not null)
        {
            throw Fault(idle, $"has no use without {Certificate.Path}");
        }

        _ = cluster.Times;
        return cluster;
    }

    private bool IsNothing(Setting setting) => values[setting].Value is null or IReadOnlyList<string> { Count: 0 };

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static bool IsAnyAddress(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
}
