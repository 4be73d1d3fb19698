using Akka.Configuration;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

public sealed class ClusterSettingsTests
{
    [Fact]
    public void A_node_listens_at_this_machine_only_unless_told_otherwise()
    {
        ClusterSettings settings = Load();

        Assert.Equal(("127.0.0.1", 0, false), (settings.Host, settings.Port, settings.Insecure));
        Assert.Null(settings.Tls);
        Assert.Equal(ClusterTimes.Derive(ClusterTimes.DefaultBase), settings.Times);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.2")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public void Addresses_of_this_machine_need_no_certificate(string host) => Assert.Equal(host, Load($"host={host}").Host);

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("node1.example")]
    [InlineData("localhost.example")]
    public void An_address_that_others_reach_needs_a_certificate_or_consent(string host)
    {
        Assert.Equal(
            $"noprop.cluster.host = {host} (--set): other machines reach this address: set noprop.cluster.tls.certificate so that strangers cannot join, "
            + "or noprop.cluster.insecure = on if every machine there may",
            Refused($"host={host}"));
        Assert.Equal(host, Load($"host={host}", "tls.certificate=node.pem").Host);
        Assert.Equal(host, Load($"host={host}", "insecure=on").Host);
    }

    [Fact]
    public void A_node_that_listens_everywhere_says_where_others_reach_it()
    {
        Assert.Contains("set noprop.cluster.public-host", Refused("host=0.0.0.0", "insecure=on"), StringComparison.Ordinal);
        Assert.Contains("must be one address", Refused("host=0.0.0.0", "public-host=0.0.0.0", "insecure=on"), StringComparison.Ordinal);
        Assert.Equal("node1", Load("host=0.0.0.0", "public-host=node1", "insecure=on").PublicHost);
    }

    [Theory]
    [InlineData("tls.key=key.pem")]
    [InlineData("tls.password-file=secret.txt")]
    [InlineData("tls.trusted=other.pem")]
    public void Trust_without_a_certificate_is_refused(string given) =>
        Assert.EndsWith("has no use without noprop.cluster.tls.certificate", Refused(given), StringComparison.Ordinal);

    [Theory]
    [InlineData("name=a b")]
    [InlineData("name=-a")]
    [InlineData("host=")]
    [InlineData("host=a b")]
    [InlineData("port=65536")]
    [InlineData("public-port=0")]
    [InlineData("join=node1")]
    [InlineData("join=node1:0")]
    [InlineData("join=node1:4053,")]
    [InlineData("join=::1:4053")]
    [InlineData("join=[node1]:4053")]
    [InlineData("join=http://node1:4053")]
    [InlineData("roles=")]
    [InlineData("roles=[]")]
    [InlineData("roles=boss")]
    [InlineData("roles=worker,worker")]
    [InlineData("base-time=0s")]
    [InlineData("times.stable-after=0s")]
    public void A_value_that_is_not_allowed_is_refused(string given) => Assert.Contains("must be ", Refused(given), StringComparison.Ordinal);

    [Fact]
    public void Lists_may_be_written_in_HOCON() => Assert.Equivalent(
        (NodeAddress[])[new("node1", 4053), new("::1", 4054)],
        SettingsLoader.Load(new("my.conf", "noprop.cluster.join = [\"node1:4053\", \"[::1]:4054\"]")).Settings.Cluster.Join,
        strict: true);

    [Theory]
    [InlineData("roles=trainer", "trainer", "voter")]
    [InlineData("roles=worker", "worker")]
    [InlineData("roles=worker,voter", "worker", "voter")]
    [InlineData("roles=trainer,voter", "trainer", "voter")]
    public void Every_trainer_is_a_voter(string given, params string[] roles) =>
        Assert.Equal(roles, ClusterConfig.Create(Load(given)).GetStringList("akka.cluster.roles"));

    [Theory]
    [InlineData("127.0.0.1:4053,node2:4053", "", "node2:4053")]
    [InlineData("node1:4053,node2:4053", "node1", "node2:4053")]
    [InlineData("node2:4053,node3:4053", "node1", "node2:4053,node3:4053")]
    [InlineData("127.0.0.1:4053", "", "127.0.0.1:4053")]
    public void A_node_that_was_removed_waits_for_the_others_and_begins_no_cluster(string join, string publicHost, string waitsFor) =>
        Assert.Equal(waitsFor, string.Join(',', Load($"join={join}", $"public-host={publicHost}", "port=4053").Again().Join));

    [Fact]
    public void With_a_base_of_one_second_the_failure_detector_of_a_voter_is_Akkas_own()
    {
        Config ours = ClusterConfig.Create(Load("roles=trainer")).GetConfig("akka.cluster.failure-detector");
        Config akkas = ConfigurationFactory.FromResource<Akka.Cluster.Cluster>("Akka.Cluster.Configuration.Cluster.conf").GetConfig("akka.cluster.failure-detector");

        string[] names = ["heartbeat-interval", "acceptable-heartbeat-pause", "expected-response-after", "min-std-deviation"];
        Assert.Equal(names.Select(name => akkas.GetTimeSpan(name)), names.Select(name => ours.GetTimeSpan(name)));
    }

    [Theory]
    [InlineData("worker")]
    [InlineData("gateway")]
    public void Who_has_no_vote_finds_a_voter_unreachable_after_the_voters_would_have_removed_it(string role)
    {
        ClusterSettings settings = Load($"roles={role}");

        TimeSpan pause = ClusterConfig.Create(settings).GetTimeSpan("akka.cluster.failure-detector.acceptable-heartbeat-pause");

        Assert.True(pause > settings.Times.Removal, $"{pause}");
    }

    private static ClusterSettings Load(params string[] given) =>
        SettingsLoader.Load(null, [.. given.Select(one => $"noprop.cluster.{one}")]).Settings.Cluster;

    private static string Refused(params string[] given) => Assert.Throws<SettingsException>(() => Load(given)).Message;
}
