using NoProp.Actors.Policies;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Optimisers;
using static NoProp.Actors.Hosting.SettingsTable;

namespace NoProp.Actors.Hosting;

/// <summary>
/// Collects values, the later ones winning, and makes the settings of them. Each value is checked when it comes, so that a bad one is
/// reported even where another one would have replaced it.
/// </summary>
internal sealed partial class SettingsBuilder
{
    private readonly Dictionary<Setting, (object? Value, RawValue Raw, string? Origin)> values = [];

    /// <summary>Sets one value.</summary>
    /// <param name="setting">Which one.</param>
    /// <param name="raw">Its value.</param>
    /// <param name="origin">The file or flag that it came from; null for the built-in default.</param>
    /// <exception cref="SettingsException">The value is not allowed.</exception>
    public void Set(Setting setting, RawValue raw, string? origin)
    {
        bool read = setting.TryRead(raw, out object? value);
        values[setting] = (value, raw, origin);
        if (!read)
        {
            throw Fault(setting, $"must be {setting.Allowed}");
        }
    }

    /// <summary>The settings.</summary>
    /// <param name="policyFault">What is wrong with a policy, or null.</param>
    /// <exception cref="SettingsException">Values do not fit together.</exception>
    public NoPropSettings Build(Func<PolicySettings, string?>? policyFault)
    {
        if (Get(AbarMin) >= Get(AbarMax))
        {
            throw values[AbarMin].Origin is null
                ? Fault(AbarMax, $"must be above {AbarMin.Path} = {values[AbarMin].Raw.Shown}")
                : Fault(AbarMin, $"must be below {AbarMax.Path} = {values[AbarMax].Raw.Shown}");
        }

        PolicySettings policies = Policies();
        if (Get(Replicas) > 1 && policies.Blocks == "algorithm1")
        {
            throw Fault(BlockPolicy, $"must be another policy where {Replicas.Path} is above 1: this one trains one block at a time, and replicas are trained side by side");
        }

        foreach ((Setting setting, PolicySettings alone) in Alone(policies))
        {
            if (policyFault?.Invoke(alone) is { } fault)
            {
                throw Fault(setting, fault);
            }
        }

        IReadOnlyList<ComputeDevice> devices = Get(SettingsTable.Devices);
        (int? slots, int? slotsPerDevice) = SlotsOf(devices.Count);
        TrainingSettings training = Training();
        return new(
            training,
            new(Get(DataName), Get(DataDirectory), Get(TrainLimit), Get(SettingsTable.ImageSize), Get(Augment), Get(Resident)),
            Get(Epochs),
            policies,
            slots,
            new(Get(LeaseTimeout)),
            new(Get(Prefetch), Get(CachedBatches)),
            new(Get(MaxFailures), Get(Within)),
            new(Get(CheckpointEvery), Get(CheckpointInterval), Get(Keep)),
            new(Get(MetricsEvery), Get(TensorBoard), Get(ProbeEvery)),
            new(Get(EvaluateEvery), Get(EvaluateBatch), Get(Samples), Get(Stochastic)),
            new(Get(Out)))
        {
            Cluster = Cluster(),
            Devices = devices,
            SlotsPerDevice = slotsPerDevice,
            Stack = Stacked(training),
            Inference = new(Get(InferenceWindow), Get(InferenceBatch), Get(InferenceQueue), Get(InferenceChain)),
            Serve = new(Get(Listen), Get(MaxBody), Get(MaxImages), Get(MaxSide), Get(MaxSamples), Get(ServeRefresh)),
        };
    }

    private PolicySettings Policies() => new(
        Get(BlockPolicy),
        Get(SettingsTable.Placement),
        Get(Visit),
        Get(EmbeddingPolicy),
        Get(EmbeddingLag),
        Get(SettingsTable.HeadPolicy),
        Get(SchedulePolicy),
        Get(ScheduleLag),
        Get(Refresh),
        Get(Moments),
        Get(ReplicaPolicy))
    {
        Assemblies = Get(SettingsTable.Assemblies),
    };

    // Each policy among usual ones, so that a fault can be laid to its setting; then all together.
    private static IEnumerable<(Setting Setting, PolicySettings Alone)> Alone(PolicySettings policies)
    {
        PolicySettings usual = new() { Assemblies = policies.Assemblies };
        yield return (SettingsTable.Assemblies, usual);
        yield return (BlockPolicy, usual with { Blocks = policies.Blocks });
        yield return (EmbeddingPolicy, usual with { Embedding = policies.Embedding });
        yield return (EmbeddingLag, usual with { EmbeddingLag = policies.EmbeddingLag });
        yield return (SettingsTable.HeadPolicy, usual with { Head = policies.Head });
        yield return (SchedulePolicy, usual with { Schedule = policies.Schedule });
        yield return (ScheduleLag, usual with { ScheduleLag = policies.ScheduleLag });
        yield return (ReplicaPolicy, usual with { Replicas = policies.Replicas });
        yield return (EmbeddingPolicy, policies);
    }

    private TrainingSettings Training()
    {
        MethodKind method = Get(Method);
        bool continuous = method is MethodKind.Ct or MethodKind.Fm;
        bool layered = method is MethodKind.Dt or MethodKind.Backprop;
        if (!layered && Get(Blocks) is not (null or 1))
        {
            throw Fault(Blocks, $"must be auto or 1, because method {values[Method].Raw.Shown} trains one network for all times");
        }

        if (Get(Gamma0) >= Get(Gamma1))
        {
            throw Fault(values[Gamma0].Origin is null ? Gamma1 : Gamma0, $"{Gamma0.Path} must be below {Gamma1.Path}");
        }

        EmbeddingSettings embedding = Get(SettingsTable.Embedding);
        if (embedding.Kind == EmbeddingKind.OneHot && Get(SettingsTable.EmbeddingInit) is not null && values[SettingsTable.EmbeddingInit].Origin is not null)
        {
            throw Fault(SettingsTable.EmbeddingInit, $"must be auto, because a one-hot embedding is fixed; choose another {SettingsTable.Embedding.Path}");
        }

        return new(
            Get(Seed),
            Network(),
            Get(Blocks) ?? (layered ? 10 : 1),
            Get(Batch),
            Get(LearningRate),
            Get(WeightDecay),
            Get(Eta) ?? (method == MethodKind.Ct ? 1 : 0.1),
            Get(AbarMin),
            Get(AbarMax))
        {
            Method = method,
            Replicas = Get(Replicas),
            Embedding = embedding with { Moments = Get(Moments), Init = Get(SettingsTable.EmbeddingInit) ?? embedding.Init },
            ClassProbability = new(Get(SettingsTable.ClassProbability), Get(Sigma)),
            Optimiser = Get(SettingsTable.Optimiser) ?? (continuous ? OptimiserKind.Adam : OptimiserKind.AdamW),
            Gamma0 = Get(Gamma0),
            Gamma1 = Get(Gamma1),
            FlowSigma = Get(FlowSigma),
            InferenceSteps = Get(InferenceSteps) ?? (Get(Kind) == NetworkKind.Paper ? 1000 : 100),
            SolverSteps = Get(SolverSteps),
        };
    }

    private NetworkSettings Network()
    {
        NetworkSettings usual = Get(Kind) == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact;
        NetworkSettings network = new(
            usual.Kind,
            Get(Channels) ?? usual.Channels,
            Get(ImageFeatures) ?? usual.ImageFeatures,
            Get(LabelFeatures) ?? usual.LabelFeatures,
            Get(Hidden) ?? usual.Hidden,
            Get(Dropout) ?? usual.Dropout)
        {
            Kernels = Get(Kernels),
            Precision = Get(SettingsTable.Precision),
        };
        return network switch
        {
            _ when network.Channels.Count != usual.Channels.Count => throw Fault(
                Channels,
                $"must be auto or {usual.Channels.Count} numbers, because the {Word()} network has {usual.Channels.Count} convolutions"),
            { Kind: NetworkKind.Compact, Dropout: > 0 } => throw Fault(
                Dropout,
                "must be auto or 0, because the compact network has no dropout"),
            { Kind: NetworkKind.Paper } when Get(Batch) < 2 => throw Fault(
                Batch,
                "must be at least 2, because the paper network normalises over the batch"),
            _ => network,
        };

        string Word() => values[Kind].Raw.Shown;
    }

    private T Get<T>(Setting<T> setting) => (T)values[setting].Value!;

    private SettingsException Fault(Setting setting, string fault)
    {
        (_, RawValue raw, string? origin) = values[setting];
        return new($"{setting.Path} = {raw.Shown} ({origin ?? "default"}): {fault}");
    }
}
