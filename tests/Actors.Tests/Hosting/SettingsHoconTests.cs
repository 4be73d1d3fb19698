using CsCheck;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class SettingsHoconTests
{
    /// <summary>Another allowed value for every setting.</summary>
    private static readonly Dictionary<string, string> Others = new()
    {
        ["noprop.seed"] = "17",
        ["noprop.data.name"] = "mnist",
        ["noprop.data.dir"] = "/data",
        ["noprop.data.train-limit"] = "100",
        ["noprop.method"] = "backprop",
        ["noprop.embedding.kind"] = "\"learned:12\"",
        ["noprop.embedding.init"] = "random",
        ["noprop.policy.moments"] = "per-block",
        ["noprop.class-probability.kind"] = "radial",
        ["noprop.class-probability.sigma"] = "0.7",
        ["noprop.optimizer.kind"] = "adam",
        ["noprop.schedule.gamma-0"] = "-4",
        ["noprop.schedule.gamma-1"] = "6",
        ["noprop.flow.sigma"] = "0.1",
        ["noprop.adjoint.steps"] = "7",
        ["noprop.inference.steps"] = "33",
        ["noprop.inference.window"] = "5ms",
        ["noprop.inference.batch"] = "16",
        ["noprop.inference.queue"] = "99",
        ["noprop.inference.chain"] = "distributed",
        ["noprop.data.image-size"] = "32x48",
        ["noprop.data.augment"] = "flip,crop",
        ["noprop.data.resident"] = "off",
        ["noprop.network.kind"] = "paper",
        ["noprop.network.channels"] = "8,16",
        ["noprop.network.image-features"] = "21",
        ["noprop.network.label-features"] = "22",
        ["noprop.network.hidden"] = "[64, 32]",
        ["noprop.network.dropout"] = "0.3",
        ["noprop.kernels"] = "plain",
        ["noprop.precision"] = "bf16",
        ["noprop.blocks"] = "5",
        ["noprop.epochs"] = "6",
        ["noprop.batch"] = "7",
        ["noprop.replicas"] = "2",
        ["noprop.optimizer.learning-rate"] = "1e-5",
        ["noprop.optimizer.weight-decay"] = "0",
        ["noprop.objective.eta"] = "0.30000000000000004",
        ["noprop.schedule.abar-min"] = "0.01",
        ["noprop.schedule.abar-max"] = "0.99",
        ["noprop.policy.blocks"] = "async",
        ["noprop.policy.placement"] = "pinned",
        ["noprop.policy.visit"] = "5",
        ["noprop.policy.embedding"] = "gossip",
        ["noprop.policy.embedding-lag"] = "reject:7",
        ["noprop.policy.head"] = "free-running:3",
        ["noprop.policy.schedule"] = "frozen",
        ["noprop.policy.schedule-lag"] = "wait:5",
        ["noprop.policy.refresh"] = "4",
        ["noprop.policy.replicas"] = "easgd:0.3,5",
        ["noprop.policy.assemblies"] = "My.Policies.dll,more/Others.dll",
        ["noprop.slots"] = "3",
        ["noprop.devices"] = "cpu:0,cpu:1,cuda",
        ["noprop.slots-per-device"] = "1",
        ["noprop.stack"] = "off",
        ["noprop.lease.timeout"] = "1500ms",
        ["noprop.loader.prefetch"] = "2",
        ["noprop.loader.cached-batches"] = "9",
        ["noprop.supervision.max-failures"] = "1",
        ["noprop.supervision.within"] = "2h",
        ["noprop.checkpoint.every-epochs"] = "2",
        ["noprop.checkpoint.min-interval"] = "0s",
        ["noprop.checkpoint.keep"] = "8",
        ["noprop.metrics.every-steps"] = "1",
        ["noprop.metrics.tensorboard"] = "off",
        ["noprop.metrics.probe-every"] = "7",
        ["noprop.evaluate.every-epochs"] = "5",
        ["noprop.evaluate.batch"] = "10",
        ["noprop.evaluate.samples"] = "4",
        ["noprop.evaluate.stochastic"] = "on",
        ["noprop.serve.listen"] = "localhost:0",
        ["noprop.serve.max-body"] = "4096",
        ["noprop.serve.max-images"] = "5",
        ["noprop.serve.max-side"] = "640",
        ["noprop.serve.max-samples"] = "3",
        ["noprop.serve.refresh"] = "3s",
        ["noprop.run.out"] = "runs/mine",
        ["noprop.cluster.name"] = "other",
        ["noprop.cluster.host"] = "localhost",
        ["noprop.cluster.port"] = "4053",
        ["noprop.cluster.public-host"] = "node1.example",
        ["noprop.cluster.public-port"] = "4054",
        ["noprop.cluster.join"] = "node2:4053,[::1]:4054",
        ["noprop.cluster.roles"] = "worker,voter",
        ["noprop.cluster.data"] = "remote",
        ["noprop.cluster.policy-assemblies"] = "policies",
        ["noprop.cluster.insecure"] = "on",
        ["noprop.cluster.tls.certificate"] = "node.pem",
        ["noprop.cluster.tls.key"] = "key.pem",
        ["noprop.cluster.tls.password-file"] = "secret.txt",
        ["noprop.cluster.tls.trusted"] = "a.pem,b c.pem",
        ["noprop.cluster.base-time"] = "500ms",
        ["noprop.cluster.times.lease-timeout"] = "5s",
        ["noprop.cluster.times.lease-renewal"] = "2s",
        ["noprop.cluster.times.heartbeat-interval"] = "1500ms",
        ["noprop.cluster.times.acceptable-pause"] = "4s",
        ["noprop.cluster.times.stable-after"] = "6s",
        ["noprop.cluster.times.unstable-after"] = "1m",
        ["noprop.cluster.times.down-removal-margin"] = "2s",
        ["noprop.cluster.times.hand-over-retry"] = "2s",
        ["noprop.cluster.times.link-handshake"] = "3s",
        ["noprop.cluster.times.join-timeout"] = "1m",
        ["noprop.cluster.times.leave-timeout"] = "1m",
    };

    public static TheoryData<string> Paths => [.. SettingsDescription.All.Select(setting => setting.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_setting_changes_what_a_run_starts_with(string path) =>
        Assert.NotEqual(SettingsHocon.ToHocon(With()), SettingsHocon.ToHocon(Changed(path)));

    [Theory]
    [MemberData(nameof(Paths))]
    public void Written_settings_are_read_back_equal(string path)
    {
        NoPropSettings settings = Changed(path);

        NoPropSettings again = SettingsLoader.Load(new("run.conf", SettingsHocon.ToHocon(settings))).Settings;

        Assert.Equivalent(settings, again, strict: true);
        Assert.Equal(SettingsHocon.ToHocon(settings), SettingsHocon.ToHocon(again));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("two words")]
    [InlineData(" space around ")]
    [InlineData("a \"quoted\" word")]
    [InlineData("C:\\new\\table\\")]
    [InlineData("${HOME}/$x")]
    [InlineData("a#b//c;d,e=f:g{h}[i]")]
    [InlineData("données/数据/😀")]
    [InlineData("null")]
    [InlineData("auto")]
    [InlineData("\"\"\"")]
    public void A_folder_of_any_name_is_read_back_equal(string folder) => Assert.Equal(folder, ReadBack(folder));

    [Fact]
    public void Any_printable_folder_is_read_back_equal() =>
        Gen.String[Gen.Char[' ', '~'], 1, 20].Sample(folder => ReadBack(folder) == folder, iter: 300);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Only_what_shapes_the_weights_keeps_a_run_from_going_on(string path)
    {
        string[] operational =
        [
            "noprop.data.dir", "noprop.data.resident", "noprop.epochs", "noprop.policy.", "noprop.slots", "noprop.devices", "noprop.stack", "noprop.lease.", "noprop.loader.", "noprop.supervision.",
            "noprop.checkpoint.", "noprop.metrics.", "noprop.evaluate.", "noprop.run.", "noprop.inference.", "noprop.cluster.", "noprop.serve.",
        ];

        Assert.Equal(
            operational.Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal)),
            SettingsHocon.DifferencesThatMatter(Base(path), Changed(path)).Count == 0);
    }

    [Fact]
    public void A_difference_names_the_setting_and_both_values() =>
        Assert.Equal(
            ["noprop.network.channels: [32, 64] in the run, [8, 16] asked for", "noprop.blocks: 10 in the run, 5 asked for"],
            SettingsHocon.DifferencesThatMatter(With(), With("noprop.blocks=5", "noprop.network.channels=8,16")));

    private static string? ReadBack(string folder)
    {
        NoPropSettings settings = SettingsLoader.Load(flags: [new("noprop.data.dir", folder, "--data-dir")]).Settings;
        return SettingsLoader.Load(new("run.conf", SettingsHocon.ToHocon(settings))).Settings.Data.Directory;
    }

    // Only the paper network has dropout.
    private static NoPropSettings Base(string path) => path == "noprop.network.dropout" ? With("noprop.network.kind=paper") : With();

    private static NoPropSettings Changed(string path) =>
        path switch
        {
            "noprop.network.dropout" => With("noprop.network.kind=paper", $"{path}={Others[path]}"),
            _ when path.StartsWith("noprop.cluster.tls.", StringComparison.Ordinal) && path != "noprop.cluster.tls.certificate" =>
                With("noprop.cluster.tls.certificate=node.pem", $"{path}={Others[path]}"),
            "noprop.embedding.init" => With("noprop.embedding.kind=learned", $"{path}={Others[path]}"),
            _ => With($"{path}={Others[path]}"),
        };

    private static NoPropSettings With(params string[] overrides) => SettingsLoader.Load(null, overrides).Settings;
}
