using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Host.Tests.Deploy;

/// <summary>deploy/kubernetes/base, read as Kubernetes would and compared with what its nodes make of it.</summary>
public sealed class KubernetesTests
{
    private static readonly Yaml[] Objects =
    [
        .. Single(DeployFiles.Read("kubernetes", "base", "kustomization.yaml"))["resources"].Texts
            .SelectMany(file => DeployFiles.Documents(DeployFiles.Read("kubernetes", "base", file))),
    ];

    public static TheoryData<string> Sets => [.. Of("StatefulSet").Select(Name)];

    [Fact]
    public void There_are_three_trainers_so_that_one_may_die()
    {
        Assert.Equal("3", Find("StatefulSet", "noprop-trainer")["spec"]["replicas"].Text);
    }

    [Fact]
    public void Every_file_belongs_to_the_whole()
    {
        string[] used = [.. Single(DeployFiles.Read("kubernetes", "base", "kustomization.yaml"))["resources"].Texts, "kustomization.yaml"];

        Assert.Equal(used.Order(), Directory.GetFiles(DeployFiles.At("kubernetes", "base")).Select(Path.GetFileName).Order());
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_has_the_role_of_its_name_and_a_certificate(string set)
    {
        ClusterSettings cluster = Settings(set).Cluster;

        Assert.Equal(set, "noprop-" + ClusterConfig.RoleName(Assert.Single(cluster.Roles)));
        Assert.NotNull(cluster.Tls);
    }

    [Fact]
    public void Nodes_join_the_trainers_by_the_names_that_these_have()
    {
        ClusterSettings trainer = Settings("noprop-trainer").Cluster;
        string pod = Argument("noprop-trainer", "--public-host");
        int replicas = int.Parse(Find("StatefulSet", "noprop-trainer")["spec"]["replicas"].Text, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(
            Enumerable.Range(0, replicas).Select(i => new NodeAddress(pod.Replace("$(POD_NAME)", $"noprop-trainer-{i}", StringComparison.Ordinal), trainer.Port)),
            trainer.Join);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_node_is_called_by_its_pod_in_the_headless_service_of_its_set(string set)
    {
        Yaml spec = Find("StatefulSet", set)["spec"];
        string service = spec["serviceName"].Text;
        Yaml headless = Find("Service", service)["spec"];

        Assert.Equal($"$(POD_NAME).{service}", Argument(set, "--public-host"));
        Assert.Equal("metadata.name", Assert.Single(Container(set)["env"].Items)["valueFrom"]["fieldRef"]["fieldPath"].Text);
        Assert.Equal(("None", "true"), (headless["clusterIP"].Text, headless["publishNotReadyAddresses"].Text));
        Assert.Equal(Labels(spec["template"]["metadata"]["labels"]), Labels(headless["selector"]));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_disruption_takes_one_node_of_a_set_at_most(string set)
    {
        Yaml spec = Find("StatefulSet", set)["spec"];
        Yaml budget = Find("PodDisruptionBudget", spec["serviceName"].Text)["spec"];

        Assert.Equal("1", budget["maxUnavailable"].Text);
        Assert.Equal(Labels(spec["selector"]["matchLabels"]), Labels(budget["selector"]["matchLabels"]));
        Assert.Equal(Labels(spec["selector"]["matchLabels"]), Labels(spec["template"]["metadata"]["labels"]));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void All_that_says_the_port_says_the_same(string set)
    {
        int port = Settings(set).Cluster.Port;
        Yaml service = Find("Service", Find("StatefulSet", set)["spec"]["serviceName"].Text);
        string text = port.ToString(System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(text, Assert.Single(service["spec"]["ports"].Items)["port"].Text);
        Assert.Equal(text, Assert.Single(Container(set)["ports"].Items)["containerPort"].Text);
        foreach (string probe in (string[])["readinessProbe", "startupProbe"])
        {
            Assert.Contains(Container(set)[probe]["exec"]["command"].Texts, argument => argument.StartsWith($":{port:X4} ", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_node_has_the_time_to_hand_over_and_to_leave(string set)
    {
        string seconds = Pod(set)["terminationGracePeriodSeconds"].Text;

        Assert.True(TimeSpan.FromSeconds(int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture)) > DeployFiles.TimeToLeave);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_file_and_folder_of_a_node_is_mounted(string set)
    {
        NoPropSettings settings = Settings(set);
        string[] mounts = [.. Container(set)["volumeMounts"].Items.Select(mount => mount["mountPath"].Text)];

        Assert.Contains(Argument(set, "--config"), mounts);
        Assert.Contains(settings.Data.Directory, mounts);
        Assert.All([settings.Cluster.Tls!.Certificate, settings.Cluster.Tls.Key!, .. settings.Cluster.Tls.Trusted], file => Assert.Contains(Path.GetDirectoryName(file), mounts));
        if (settings.Cluster.Roles.Contains(NodeRole.Trainer))
        {
            Assert.Contains(Argument(set, "--runs"), mounts);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_mount_has_its_volume(string set)
    {
        Assert.Equal(Pod(set)["volumes"].Items.Select(Named).Order(), Container(set)["volumeMounts"].Items.Select(Named).Order());

        static string Named(Yaml item) => item["name"].Text;
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_volume_names_what_exists(string set)
    {
        foreach (Yaml volume in Pod(set)["volumes"].Items)
        {
            if (volume.Find("configMap") is { } map)
            {
                Find("ConfigMap", map["name"].Text);
            }
            else if (volume.Find("persistentVolumeClaim") is { } claim)
            {
                Assert.Equal(["ReadWriteMany"], Find("PersistentVolumeClaim", claim["claimName"].Text)["spec"]["accessModes"].Texts);
            }
            else if (volume.Find("secret") is { } secret)
            {
                Assert.Contains($"create secret generic {secret["secretName"].Text} ", DeployFiles.Read("README.md"), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_node_runs_as_the_user_of_the_image_and_can_gain_nothing(string set)
    {
        Yaml context = Container(set)["securityContext"];

        Assert.Equal(("1654", "true"), (Pod(set)["securityContext"]["runAsUser"].Text, Pod(set)["securityContext"]["runAsNonRoot"].Text));
        Assert.Equal(("false", "true"), (context["allowPrivilegeEscalation"].Text, context["readOnlyRootFilesystem"].Text));
    }

    [Fact]
    public void The_network_policy_holds_for_every_pod()
    {
        Dictionary<string, string> policy = Labels(Find("NetworkPolicy", "noprop")["spec"]["podSelector"]["matchLabels"]);

        Assert.All(Of("StatefulSet"), set => Assert.Subset(
            Labels(set["spec"]["template"]["metadata"]["labels"]).ToHashSet(), policy.ToHashSet()));
    }

    [Fact]
    public void The_GPU_variant_patches_a_set_that_exists()
    {
        Yaml overlay = Single(DeployFiles.Read("kubernetes", "gpu", "kustomization.yaml"));
        Yaml patch = Assert.Single(overlay["patches"].Items);

        Find(patch["target"]["kind"].Text, patch["target"]["name"].Text);
        Assert.Equal("/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu", Assert.Single(Single(patch["patch"].Text).Items)["path"].Text);
        Assert.Equal(["../base"], overlay["resources"].Texts);
    }

    private static NoPropSettings Settings(string set) => DeployFiles.Settings(
        Arguments(set), new("noprop.conf", Find("ConfigMap", "noprop")["data"][Path.GetFileName(Argument(set, "--config"))].Text));

    // The names of pods are numbers after the set's.
    private static IEnumerable<string> Arguments(string set) =>
        Container(set)["args"].Texts.Select(argument => argument.Replace("$(POD_NAME)", set + "-0", StringComparison.Ordinal));

    private static string Argument(string set, string flag) => Container(set)["args"].Texts.SkipWhile(argument => argument != flag).ElementAt(1);

    private static Yaml Pod(string set) => Find("StatefulSet", set)["spec"]["template"]["spec"];

    private static Yaml Container(string set) => Assert.Single(Pod(set)["containers"].Items);

    private static IEnumerable<Yaml> Of(string kind) => Objects.Where(one => one["kind"].Text == kind);

    private static Yaml Find(string kind, string name) => Assert.Single(Of(kind), one => Name(one) == name);

    private static string Name(Yaml one) => one["metadata"]["name"].Text;

    private static Dictionary<string, string> Labels(Yaml labels) => labels.Pairs.ToDictionary(label => label.Key, label => label.Value.Text);

    private static Yaml Single(string text) => Assert.Single(DeployFiles.Documents(text));
}
