using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Host.Tests.Deploy;

/// <summary>deploy/compose.yaml, read as Compose would and compared with what its nodes make of it.</summary>
public sealed class ComposeTests
{
    private static readonly Yaml Compose = Assert.Single(DeployFiles.Documents(DeployFiles.Read("compose.yaml")));

    public static TheoryData<string> Services => [.. Compose["services"].Pairs.Select(service => service.Key)];

    [Fact]
    public void A_trainer_and_two_workers_are_started()
    {
        Assert.Equal(
            [NodeRole.Trainer, NodeRole.Worker, NodeRole.Worker],
            Services.Cast<object[]>().Select(service => Assert.Single(Settings((string)service[0]).Cluster.Roles)).Order());
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_listens_with_a_certificate(string service)
    {
        Assert.NotNull(Settings(service).Cluster.Tls);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_is_called_by_its_own_name(string service)
    {
        Assert.Equal((service, service), (Settings(service).Cluster.PublicHost, Compose["services"][service]["hostname"].Text));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_joins_the_trainer_where_it_listens(string service)
    {
        ClusterSettings trainer = Settings("trainer").Cluster;

        Assert.Equal([new NodeAddress(trainer.PublicHost!, trainer.Port)], Settings(service).Cluster.Join);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_files_of_a_certificate_are_among_the_secrets_of_its_service(string service)
    {
        TlsSettings tls = Settings(service).Cluster.Tls!;
        string[] mounted = [.. Compose["services"][service]["secrets"].Items.Select(secret => $"/run/secrets/{secret["target"].Text}")];
        string[] used = [tls.Certificate, tls.Key!, .. tls.Trusted];

        Assert.Equal(mounted.Order(), used.Order());
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_secrets_of_a_service_are_its_own_and_exist(string service)
    {
        foreach (Yaml secret in Compose["services"][service]["secrets"].Items)
        {
            string file = Compose["secrets"][secret["source"].Text]["file"].Text;
            string own = secret["target"].Text.Replace("node", service, StringComparison.Ordinal);
            Assert.Equal($"certificates/{own}", file);
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_settings_are_where_the_command_looks_for_them(string service)
    {
        Yaml config = Assert.Single(Compose["services"][service]["configs"].Items);

        Assert.Equal(config["target"].Text, DeployFiles.Parse(Command(service)).GetValue<string>("--config"));
        Assert.True(File.Exists(DeployFiles.At(Compose["configs"][config["source"].Text]["file"].Text)));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_folders_of_a_service_are_volumes(string service)
    {
        string[] volumes = [.. Compose["services"][service]["volumes"].Texts];
        string runs = DeployFiles.Parse(Command(service)).GetValue<string>("--runs")!;

        Assert.Contains($"data:{Settings(service).Data.Directory}:ro", volumes);
        Assert.Equal(Settings(service).Cluster.Roles.Contains(NodeRole.Trainer), volumes.Contains($"runs:{runs}"));
        Assert.All(volumes, volume => Assert.NotEqual(default, Compose["volumes"].Pairs.FirstOrDefault(known => known.Key == volume.Split(':')[0])));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_has_the_time_to_hand_over_and_to_leave(string service)
    {
        Assert.True(Seconds(Compose["services"][service]["stop_grace_period"].Text) > DeployFiles.TimeToLeave);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void The_health_check_looks_at_the_port_of_the_node(string service)
    {
        Assert.Contains($":{Settings(service).Cluster.Port:X4} ", Compose["services"][service]["healthcheck"]["test"].Texts.ElementAt(3), StringComparison.Ordinal);
    }

    [Fact]
    public void The_image_is_built_from_the_Dockerfile_with_an_argument_that_it_has()
    {
        Yaml build = Compose["services"]["trainer"]["build"];

        Assert.Equal(ReadmeTests.Repository(), Path.GetFullPath(DeployFiles.At(build["context"].Text)));
        Assert.Equal(DeployFiles.At("Dockerfile"), Path.Combine(ReadmeTests.Repository(), build["dockerfile"].Text));
        Assert.All(build["args"].Pairs, argument => Assert.Contains($"ARG {argument.Key}=", DeployFiles.Read("Dockerfile"), StringComparison.Ordinal));
    }

    private static string[] Command(string service) => [.. Compose["services"][service]["command"].Texts];

    private static NoPropSettings Settings(string service) => DeployFiles.Settings(Command(service), new("noprop.conf", DeployFiles.Read("noprop.conf")));

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture));
}
