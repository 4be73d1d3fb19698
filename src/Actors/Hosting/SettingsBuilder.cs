using NoProp.Models.Methods;
using NoProp.Models.Networks;
using static NoProp.Actors.Hosting.SettingsTable;

namespace NoProp.Actors.Hosting;

/// <summary>
/// Collects values, the later ones winning, and makes the settings of them. Each value is checked when it comes, so that a bad one is
/// reported even where another one would have replaced it.
/// </summary>
internal sealed class SettingsBuilder
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
    public NoPropSettings Build(Func<string, string?>? policyFault)
    {
        if (Get(AbarMin) >= Get(AbarMax))
        {
            throw values[AbarMin].Origin is null
                ? Fault(AbarMax, $"must be above {AbarMin.Path} = {values[AbarMin].Raw.Shown}")
                : Fault(AbarMin, $"must be below {AbarMax.Path} = {values[AbarMax].Raw.Shown}");
        }

        if (policyFault?.Invoke(Get(Policy)) is { } fault)
        {
            throw Fault(Policy, fault);
        }

        TrainingSettings training = new(
            Get(Seed), Network(), Get(Blocks), Get(Batch), Get(LearningRate), Get(WeightDecay), Get(Eta), Get(AbarMin), Get(AbarMax));
        return new(
            training,
            new(Get(DataName), Get(DataDirectory), Get(TrainLimit), Get(SettingsTable.ImageSize), Get(Augment)),
            Get(Epochs),
            Get(Policy),
            Get(Slots) is > 0 and int slots ? slots : null,
            new(Get(LeaseTimeout)),
            new(Get(Prefetch), Get(CachedBatches)),
            new(Get(MaxFailures), Get(Within)),
            new(Get(CheckpointEvery), Get(CheckpointInterval), Get(Keep)),
            new(Get(MetricsEvery), Get(TensorBoard)),
            new(Get(EvaluateEvery), Get(EvaluateBatch), Get(Samples), Get(Stochastic)),
            new(Get(Out)));
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
            Get(Dropout) ?? usual.Dropout);
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
