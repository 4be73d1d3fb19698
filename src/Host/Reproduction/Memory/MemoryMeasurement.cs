using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Host.Commands;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Host.Reproduction.Memory;

/// <summary>What one process measured.</summary>
/// <param name="Use">Its memory.</param>
/// <param name="Steps">Training steps of all blocks together.</param>
/// <param name="Blocks">Blocks that were trained.</param>
internal sealed record MemoryMeasurement(MemoryUse Use, long Steps, int Blocks)
{
    /// <summary>Mini-batches in an epoch: few, so that every block trains and the batches are not what is measured.</summary>
    public const int StepsPerEpoch = 4;

    /// <summary>Training steps at least, of all blocks together.</summary>
    public const int LeastSteps = 40;

    /// <summary>
    /// One block at a time, as the paper trains, few mini-batches kept, and nothing but training: no tests and no files.
    /// </summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        "noprop.policy.blocks=algorithm1",
        "noprop.slots=1",
        "noprop.loader.prefetch=1",
        $"noprop.loader.cached-batches={StepsPerEpoch}",
        "noprop.evaluate.every-epochs=0",
        "noprop.checkpoint.every-epochs=0",
    ];

    // A training of a few steps that uses all that every training uses: the actor system, compiled code, libtorch's kernels.
    private static readonly string[] WarmUp = ["noprop.blocks=1", "noprop.epochs=1", "noprop.batch=4", "noprop.data.train-limit=8"];

    /// <summary>Measures a training in this process, which should be fresh.</summary>
    /// <param name="settings">Its settings, each <c>path=value</c>.</param>
    /// <exception cref="SettingsException">A setting is not allowed.</exception>
    /// <exception cref="NoPropException">It cannot be trained or measured.</exception>
    public static async Task<MemoryMeasurement> MeasureAsync(IReadOnlyList<string> settings)
    {
        LoadedSettings loaded = Load([.. settings, .. Settings]);
        TorchRuntime.Load();
        using (Dataset digits = Digits.Load(8))
        {
            await TrainAsync(RunPlan.Create(Load([.. Settings, .. WarmUp]), digits));
        }

        DataSettings data = loaded.Settings.Data;
        using Dataset dataset = DataCatalog.Load(data.Name, data.Directory, StepsPerEpoch * loaded.Settings.Training.BatchSize);
        (long steps, int blocks) = (0, 0);
        MemoryUse use = await PeakMemory.OfAsync(async () =>
        {
            RunPlan plan = RunPlan.Create(loaded, dataset);
            blocks = plan.Method.Blocks;
            int epochs = (LeastSteps + blocks * plan.StepsPerEpoch - 1) / (blocks * plan.StepsPerEpoch);
            RunEnded ended = await TrainAsync(plan with { Settings = plan.Settings with { Epochs = epochs } });
            steps = ended.Figures.BlockSteps;
        });
        return new(use, steps, blocks);
    }

    private static async Task<RunEnded> TrainAsync(RunPlan plan)
    {
        RunEnded ended = await TrainingRun.RunAsync(plan);
        return ended.Outcome == RunOutcome.Completed ? ended : throw new NoPropException($"the training ended early: {ended.Reason}");
    }

    private static LoadedSettings Load(IReadOnlyList<string> settings) => SettingsLoader.Load(overrides: settings, policyFault: SettingsOptions.PolicyFault);
}
