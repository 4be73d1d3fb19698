using System.Security.Cryptography.X509Certificates;
using NoProp.Actors.Cluster;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Who has no trusted certificate cannot join, and troubles nobody.</summary>
public sealed class StrangerTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Nodes nodes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.EndAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_node_without_a_certificate_cannot_join_and_the_others_go_on()
    {
        (ClusterNode first, ClusterNode second) = await TwoAsync(Shared());

        NoPropException error = await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(Stranger(first, tls: null))).WaitAsync(Nodes.Deadline);

        Assert.Contains("has a certificate if this node has one", error.Message, StringComparison.Ordinal);
        await GoOnAsync(first, second);
    }

    [Fact]
    public async Task A_node_with_another_certificate_cannot_join_and_the_others_go_on()
    {
        TlsSettings shared = Shared();
        (ClusterNode first, ClusterNode second) = await TwoAsync(shared);
        using X509Certificate2 other = Certificates.SelfSigned("node");
        TlsSettings stranger = new(other.WritePkcs12(At("stranger.pfx")), null, null, []);

        NoPropException error = await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(Stranger(first, stranger))).WaitAsync(Nodes.Deadline);

        Assert.Contains("has no trusted certificate or does not trust this one's", error.Message, StringComparison.Ordinal);
        await GoOnAsync(first, second);
    }

    [Fact]
    public async Task A_node_that_trusts_the_cluster_but_is_not_trusted_by_it_cannot_join()
    {
        using X509Certificate2 known = Certificates.SelfSigned("node");
        (ClusterNode first, ClusterNode second) = await TwoAsync(new(known.WritePkcs12(At("node.pfx")), null, null, []));
        using X509Certificate2 other = Certificates.SelfSigned("node");
        TlsSettings stranger = new(other.WritePkcs12(At("stranger.pfx")), null, null, [known.WritePem(At("node.pem")), other.WritePem(At("stranger.pem"))]);

        await Assert.ThrowsAsync<NoPropException>(() => nodes.StartAsync(Stranger(first, stranger))).WaitAsync(Nodes.Deadline);

        await GoOnAsync(first, second);
    }

    [Fact]
    public async Task Nodes_with_certificates_of_their_own_from_one_authority_form_a_cluster()
    {
        using X509Certificate2 authority = Certificates.Authority("authority");
        string trusted = authority.WritePem(At("authority.pem"));
        using X509Certificate2 one = Certificates.Issued(authority, "one", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        using X509Certificate2 two = Certificates.Issued(authority, "two");

        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer, null, new(one.WritePem(At("one.pem"), key: true), null, null, [trusted]));
        ClusterNode second = await nodes.StartAsync(NodeRole.Worker, first, new(two.WritePkcs12(At("two.pfx")), null, null, [trusted]));

        await Nodes.AwaitMembersAsync(first, first, second);
    }

    [Fact]
    public async Task A_node_that_other_nodes_cannot_trust_does_not_pass_with_the_name_of_their_authority()
    {
        using X509Certificate2 authority = Certificates.Authority("authority");
        using X509Certificate2 forged = Certificates.Authority("authority");
        using X509Certificate2 one = Certificates.Issued(authority, "one");
        using X509Certificate2 two = Certificates.Issued(forged, "two");
        string trusted = authority.WritePem(At("authority.pem"));
        (ClusterNode first, ClusterNode second) = await TwoAsync(new(one.WritePkcs12(At("one.pfx")), null, null, [trusted]));

        await Assert.ThrowsAsync<NoPropException>(
            () => nodes.StartAsync(Stranger(first, new(two.WritePkcs12(At("two.pfx")), null, null, [trusted, forged.WritePem(At("forged.pem"))]))))
            .WaitAsync(Nodes.Deadline);

        await GoOnAsync(first, second);
    }

    private static ClusterSettings Stranger(ClusterNode first, TlsSettings? tls) => Nodes.Hopeless(Nodes.Settings(NodeRole.Worker, first.Address, tls));

    private TlsSettings Shared()
    {
        using X509Certificate2 certificate = Certificates.SelfSigned("node");
        return new(certificate.WritePkcs12(At("node.pfx")), null, null, []);
    }

    private async Task<(ClusterNode First, ClusterNode Second)> TwoAsync(TlsSettings tls)
    {
        ClusterNode first = await nodes.StartAsync(NodeRole.Trainer, null, tls);
        ClusterNode second = await nodes.StartAsync(NodeRole.Worker, first, tls);
        await Nodes.AwaitMembersAsync(first, first, second);
        return (first, second);
    }

    private static async Task GoOnAsync(ClusterNode first, ClusterNode second)
    {
        await Nodes.AwaitMembersAsync(first, first, second);
        await Nodes.AwaitMembersAsync(second, first, second);
        Assert.False(first.Ended.IsCompleted || second.Ended.IsCompleted);
    }

    private string At(string name) => Path.Combine(folder.Path, name);
}
