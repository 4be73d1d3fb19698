using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Embeddings;
using NoProp.Models.Kernels;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using static NoProp.Actors.Hosting.SettingsTypes;

namespace NoProp.Actors.Hosting;

/// <summary>One setting: where it stands in HOCON, what it may be, and what it is in a run's settings.</summary>
/// <param name="path">Full path, <c>noprop.blocks</c>.</param>
/// <param name="shapesWeights">Whether the weights depend on it.</param>
internal abstract class Setting(string path, bool shapesWeights)
{
    public string Path => path;

    public bool ShapesWeights => shapesWeights;

    /// <summary>The allowed values in words.</summary>
    public abstract string Allowed { get; }

    /// <summary>Reads a value.</summary>
    public abstract bool TryRead(RawValue raw, out object? value);

    /// <summary>The effective value as HOCON.</summary>
    public abstract string Write(NoPropSettings settings);
}

/// <inheritdoc/>
internal sealed class Setting<T>(string path, bool shapesWeights, SettingsType<T> type, Func<NoPropSettings, T> effective)
    : Setting(path, shapesWeights)
{
    public override string Allowed => type.Allowed;

    public override bool TryRead(RawValue raw, out object? value)
    {
        bool read = type.TryRead(raw, out T typed);
        value = typed;
        return read;
    }

    public override string Write(NoPropSettings settings) => type.Write(effective(settings));
}

/// <summary>
/// Every setting, one line each, in the order of noprop.conf. The weights depend on those made by <c>Weights</c>: a run cannot be resumed
/// with another value of them.
/// </summary>
internal static class SettingsTable
{
    private const int Million = 1_000_000;
    private const int Wide = 65_536;

    private static readonly List<Setting> Settings = [];
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static readonly Setting<ulong> Seed = Weights("seed", SettingsTypes.Seed, s => s.Training.Seed);

    public static readonly Setting<string> DataName = Weights("data.name", SettingsTypes.DataName, s => s.Data.Name);
    public static readonly Setting<string?> DataDirectory = Operation("data.dir", Folder, s => s.Data.Directory);
    public static readonly Setting<int> TrainLimit = Weights("data.train-limit", Whole(0, int.MaxValue), s => s.Data.TrainLimit);
    public static readonly Setting<ImageSize?> ImageSize =
        Weights("data.image-size", OrAuto(SettingsTypes.ImageSize), s => s.Data.ImageSize);
    public static readonly Setting<Augmentation> Augment = Weights("data.augment", SettingsTypes.Augmentation, s => s.Data.Augment);
    public static readonly Setting<Residence> Resident = Operation("data.resident", Word<Residence>(), s => s.Data.Resident);

    public static readonly Setting<MethodKind> Method = Weights("method", Word<MethodKind>(), s => s.Training.Method);

    public static readonly Setting<NetworkKind> Kind = Weights("network.kind", Word<NetworkKind>(), s => s.Training.Network.Kind);
    public static readonly Setting<IReadOnlyList<int>?> Channels =
        Weights("network.channels", WholesOrAuto(2, 3, 1, Wide), s => s.Training.Network.Channels);
    public static readonly Setting<int?> ImageFeatures =
        Weights("network.image-features", OrAuto(Whole(1, Wide)), s => (int?)s.Training.Network.ImageFeatures);
    public static readonly Setting<int?> LabelFeatures =
        Weights("network.label-features", OrAuto(Whole(1, Wide)), s => (int?)s.Training.Network.LabelFeatures);
    public static readonly Setting<IReadOnlyList<int>?> Hidden =
        Weights("network.hidden", WholesOrAuto(1, 8, 1, Wide), s => s.Training.Network.Hidden);
    public static readonly Setting<double?> Dropout =
        Weights("network.dropout", OrAuto(Real(0, 1, below: true)), s => (double?)s.Training.Network.Dropout);

    public static readonly Setting<EmbeddingSettings> Embedding =
        Weights("embedding.kind", SettingsTypes.Embedding, s => s.Training.Embedding);
    public static readonly Setting<EmbeddingInit?> EmbeddingInit =
        Weights("embedding.init", OrAuto(Word<EmbeddingInit>()), s => s.Training.Embedding.Kind == EmbeddingKind.OneHot ? null : s.Training.Embedding.Init);
    public static readonly Setting<ClassProbabilityKind> ClassProbability =
        Weights("class-probability.kind", Word<ClassProbabilityKind>(), s => s.Training.ClassProbability.Kind);
    public static readonly Setting<double> Sigma =
        Weights("class-probability.sigma", Real(0, 1000, above: true), s => s.Training.ClassProbability.Sigma);

    public static readonly Setting<int?> Blocks = Weights("blocks", OrAuto(Whole(1, 1000)), s => (int?)s.Training.Blocks);
    public static readonly Setting<int> Epochs = Operation("epochs", Whole(1, Million), s => s.Epochs);
    public static readonly Setting<int> Batch = Weights("batch", Whole(1, Wide), s => s.Training.BatchSize);
    public static readonly Setting<int> Replicas = Weights("replicas", Whole(1, 64), s => s.Training.Replicas);
    public static readonly Setting<KernelKind> Kernels = Weights("kernels", Word<KernelKind>(), s => s.Training.Network.Kernels);
    public static readonly Setting<Precision> Precision = Weights("precision", Word<Precision>(), s => s.Training.Network.Precision);

    public static readonly Setting<OptimiserKind?> Optimiser =
        Weights("optimizer.kind", OrAuto(Word<OptimiserKind>()), s => (OptimiserKind?)s.Training.Optimiser);
    public static readonly Setting<double> LearningRate =
        Weights("optimizer.learning-rate", Real(0, 10, above: true), s => s.Training.LearningRate);
    public static readonly Setting<double> WeightDecay = Weights("optimizer.weight-decay", Real(0, 10), s => s.Training.WeightDecay);
    public static readonly Setting<double?> Eta = Weights("objective.eta", OrAuto(Real(0, 1000, above: true)), s => (double?)s.Training.Eta);
    public static readonly Setting<double> AbarMin =
        Weights("schedule.abar-min", Real(0, 1, above: true, below: true), s => s.Training.AbarMin);
    public static readonly Setting<double> AbarMax =
        Weights("schedule.abar-max", Real(0, 1, above: true, below: true), s => s.Training.AbarMax);

    public static readonly Setting<double> Gamma0 = Weights("schedule.gamma-0", Real(-50, 50), s => s.Training.Gamma0);
    public static readonly Setting<double> Gamma1 = Weights("schedule.gamma-1", Real(-50, 50), s => s.Training.Gamma1);
    public static readonly Setting<double> FlowSigma = Weights("flow.sigma", Real(0, 10), s => s.Training.FlowSigma);
    public static readonly Setting<int> SolverSteps = Weights("adjoint.steps", Whole(1, 10_000), s => s.Training.SolverSteps);
    public static readonly Setting<int?> InferenceSteps =
        Operation("inference.steps", OrAuto(Whole(1, 100_000)), s => (int?)s.Training.InferenceSteps);
    public static readonly Setting<TimeSpan> InferenceWindow =
        Operation("inference.window", Duration(TimeSpan.Zero, TimeSpan.FromMinutes(1)), s => s.Inference.Window);
    public static readonly Setting<int> InferenceBatch = Operation("inference.batch", Whole(1, Wide), s => s.Inference.Batch);
    public static readonly Setting<int> InferenceQueue = Operation("inference.queue", Whole(1, Million), s => s.Inference.Queue);
    public static readonly Setting<ChainPlace> InferenceChain = Operation("inference.chain", Word<ChainPlace>(), s => s.Inference.Chain);

    public static readonly Setting<string> BlockPolicy = Operation("policy.blocks", SettingsTypes.Policy, s => s.Policies.Blocks);
    public static readonly Setting<Placement> Placement = Operation("policy.placement", Word<Placement>(), s => s.Policies.Placement);
    public static readonly Setting<int?> Visit = Operation("policy.visit", OrAuto(Whole(1, Million)), s => s.Policies.Visit);
    public static readonly Setting<string> EmbeddingPolicy = Operation("policy.embedding", SettingsTypes.Policy, s => s.Policies.Embedding);
    public static readonly Setting<string> EmbeddingLag = Operation("policy.embedding-lag", SettingsTypes.Policy, s => s.Policies.EmbeddingLag);
    public static readonly Setting<string> HeadPolicy = Operation("policy.head", SettingsTypes.Policy, s => s.Policies.Head);
    public static readonly Setting<string> SchedulePolicy = Operation("policy.schedule", SettingsTypes.Policy, s => s.Policies.Schedule);
    public static readonly Setting<string> ScheduleLag = Operation("policy.schedule-lag", SettingsTypes.Policy, s => s.Policies.ScheduleLag);
    public static readonly Setting<int> Refresh = Operation("policy.refresh", Whole(1, Million), s => s.Policies.Refresh);
    public static readonly Setting<MomentSharing> Moments = Operation("policy.moments", Word<MomentSharing>(), s => s.Policies.Moments);
    public static readonly Setting<string> ReplicaPolicy = Operation("policy.replicas", SettingsTypes.Policy, s => s.Policies.Replicas);
    public static readonly Setting<PolicyAssemblies> Assemblies =
        Operation("policy.assemblies", SettingsTypes.Assemblies, s => s.Policies.Assemblies);
    public static readonly Setting<int?> Slots = Operation("slots", OrAuto(Whole(0, 1024)), s => s.Slots);
    public static readonly Setting<IReadOnlyList<ComputeDevice>> Devices = Operation("devices", SettingsTypes.Devices, s => s.Devices);
    public static readonly Setting<int?> SlotsPerDevice = Operation("slots-per-device", OrAuto(Whole(1, 1024)), s => s.SlotsPerDevice);
    public static readonly Setting<bool?> Stack = Operation("stack", OrAuto(Switch), s => s.Stack);
    public static readonly Setting<TimeSpan> LeaseTimeout = Operation("lease.timeout", Duration(Second, Day), s => s.Lease.Timeout);

    public static readonly Setting<int> Prefetch = Operation("loader.prefetch", Whole(1, 1024), s => s.Loader.Prefetch);
    public static readonly Setting<int> CachedBatches = Operation("loader.cached-batches", Whole(1, Wide), s => s.Loader.CachedBatches);

    public static readonly Setting<int> MaxFailures = Operation("supervision.max-failures", Whole(1, 1000), s => s.Supervision.MaxFailures);
    public static readonly Setting<TimeSpan> Within = Operation("supervision.within", Duration(Second, Day), s => s.Supervision.Within);

    public static readonly Setting<int> CheckpointEvery =
        Operation("checkpoint.every-epochs", Whole(0, Million), s => s.Checkpoint.EveryEpochs);
    public static readonly Setting<TimeSpan> CheckpointInterval =
        Operation("checkpoint.min-interval", Duration(TimeSpan.Zero, Day), s => s.Checkpoint.MinInterval);
    public static readonly Setting<int> Keep = Operation("checkpoint.keep", Whole(1, 1000), s => s.Checkpoint.Keep);

    public static readonly Setting<int> MetricsEvery = Operation("metrics.every-steps", Whole(1, Million), s => s.Metrics.EverySteps);
    public static readonly Setting<bool> TensorBoard = Operation("metrics.tensorboard", Switch, s => s.Metrics.TensorBoard);
    public static readonly Setting<int> ProbeEvery = Operation("metrics.probe-every", Whole(0, Million), s => s.Metrics.ProbeEvery);

    public static readonly Setting<int> EvaluateEvery = Operation("evaluate.every-epochs", Whole(0, Million), s => s.Evaluate.EveryEpochs);
    public static readonly Setting<int> EvaluateBatch = Operation("evaluate.batch", Whole(1, Wide), s => s.Evaluate.BatchSize);
    public static readonly Setting<int> Samples = Operation("evaluate.samples", Whole(1, 1000), s => s.Evaluate.Samples);
    public static readonly Setting<bool> Stochastic = Operation("evaluate.stochastic", Switch, s => s.Evaluate.Stochastic);

    public static readonly Setting<NodeAddress> Listen = Operation("serve.listen", Address, s => s.Serve.Listen);
    public static readonly Setting<int> MaxBody = Operation("serve.max-body", Whole(1024, 1_000_000_000), s => s.Serve.MaxBody);
    public static readonly Setting<int> MaxImages = Operation("serve.max-images", Whole(1, Wide), s => s.Serve.MaxImages);
    public static readonly Setting<int> MaxSide = Operation("serve.max-side", Whole(1, 16_384), s => s.Serve.MaxSide);
    public static readonly Setting<int> MaxSamples = Operation("serve.max-samples", Whole(1, 1000), s => s.Serve.MaxSamples);
    public static readonly Setting<TimeSpan> ServeRefresh = Operation("serve.refresh", Duration(Tick, Day), s => s.Serve.Refresh);

    public static readonly Setting<string?> Out = Operation("run.out", Folder, s => s.Run.Out);

    public static readonly Setting<string> ClusterName = Operation("cluster.name", SettingsTypes.ClusterName, s => s.Cluster.Name);
    public static readonly Setting<string> ClusterHost = Operation("cluster.host", HostName, s => s.Cluster.Host);
    public static readonly Setting<int> ClusterPort = Operation("cluster.port", Whole(0, 65_535), s => s.Cluster.Port);
    public static readonly Setting<string?> PublicHost = Operation("cluster.public-host", HostOrNone, s => s.Cluster.PublicHost);
    public static readonly Setting<int?> PublicPort = Operation("cluster.public-port", OrAuto(Whole(1, 65_535)), s => s.Cluster.PublicPort);
    public static readonly Setting<IReadOnlyList<NodeAddress>> Join = Operation("cluster.join", NodeAddresses, s => s.Cluster.Join);
    public static readonly Setting<IReadOnlyList<NodeRole>> Roles = Operation("cluster.roles", NodeRoles, s => s.Cluster.Roles);
    public static readonly Setting<DataPlace> ClusterData = Operation("cluster.data", Word<DataPlace>(), s => s.Cluster.Data);
    public static readonly Setting<string?> ClusterPolicies = Operation("cluster.policy-assemblies", FolderOrNone, s => s.Cluster.PolicyAssemblies);
    public static readonly Setting<bool> Insecure = Operation("cluster.insecure", Switch, s => s.Cluster.Insecure);
    public static readonly Setting<string?> Certificate = Operation("cluster.tls.certificate", FileOrNone, s => s.Cluster.Tls?.Certificate);
    public static readonly Setting<string?> CertificateKey = Operation("cluster.tls.key", FileOrNone, s => s.Cluster.Tls?.Key);
    public static readonly Setting<string?> PasswordFile = Operation("cluster.tls.password-file", FileOrNone, s => s.Cluster.Tls?.PasswordFile);
    public static readonly Setting<IReadOnlyList<string>> Trusted = Operation("cluster.tls.trusted", Files, s => s.Cluster.Tls?.Trusted ?? []);
    public static readonly Setting<TimeSpan> BaseTime =
        Operation("cluster.base-time", Duration(Tick, TimeSpan.FromMinutes(5)), s => s.Cluster.BaseTime);
    public static readonly Setting<TimeSpan?> ClusterLease = Time("lease-timeout", o => o.LeaseTimeout);
    public static readonly Setting<TimeSpan?> ClusterRenewal = Time("lease-renewal", o => o.LeaseRenewal);
    public static readonly Setting<TimeSpan?> Heartbeat = Time("heartbeat-interval", o => o.HeartbeatInterval);
    public static readonly Setting<TimeSpan?> AcceptablePause = Time("acceptable-pause", o => o.AcceptablePause);
    public static readonly Setting<TimeSpan?> StableAfter = Time("stable-after", o => o.StableAfter);
    public static readonly Setting<TimeSpan?> UnstableAfter = Time("unstable-after", o => o.UnstableAfter);
    public static readonly Setting<TimeSpan?> DownRemovalMargin = Time("down-removal-margin", o => o.DownRemovalMargin);
    public static readonly Setting<TimeSpan?> HandOverRetry = Time("hand-over-retry", o => o.HandOverRetry);
    public static readonly Setting<TimeSpan?> LinkHandshake = Time("link-handshake", o => o.LinkHandshake);
    public static readonly Setting<TimeSpan?> JoinTimeout = Time("join-timeout", o => o.JoinTimeout);
    public static readonly Setting<TimeSpan?> LeaveTimeout = Time("leave-timeout", o => o.LeaveTimeout);

    /// <summary>All of them, in the order of noprop.conf.</summary>
    public static IReadOnlyList<Setting> All => Settings;

    private static Setting<T> Weights<T>(string path, SettingsType<T> type, Func<NoPropSettings, T> effective) =>
        Listed(new Setting<T>($"noprop.{path}", shapesWeights: true, type, effective));

    private static Setting<T> Operation<T>(string path, SettingsType<T> type, Func<NoPropSettings, T> effective) =>
        Listed(new Setting<T>($"noprop.{path}", shapesWeights: false, type, effective));

    private static Setting<TimeSpan?> Time(string name, Func<ClusterTimeOverrides, TimeSpan?> effective) =>
        Operation($"cluster.times.{name}", OrAuto(Duration(Tick, Day)), s => effective(s.Cluster.Overrides));

    private static Setting<T> Listed<T>(Setting<T> setting)
    {
        Settings.Add(setting);
        return setting;
    }
}
