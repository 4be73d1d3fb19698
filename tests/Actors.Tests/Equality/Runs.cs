using System.Collections.Concurrent;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Equality;

/// <summary>Small training runs, and the weights that a plain loop gives for the same settings.</summary>
internal static class Runs
{
    /// <summary>Far more than any run here takes: a run that hangs must fail its test, not the whole suite.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private static readonly ConcurrentDictionary<string, Lazy<string>> References = new();
    private static readonly Lazy<Dataset> Few = new(() => Digits.Load(300));
    private static readonly Lazy<Dataset> Random = new(RandomImages);

    // 300 images in batches of 32: nine whole ones and a short one an epoch.
    private static readonly string[] Compact =
    [
        "noprop.network.channels=[16, 16]",
        "noprop.network.image-features=8",
        "noprop.network.label-features=8",
        "noprop.network.hidden=[12]",
        "noprop.blocks=4",
        "noprop.epochs=2",
        "noprop.batch=32",
        "noprop.slots=2",
        "noprop.checkpoint.min-interval=0s",
        "noprop.checkpoint.keep=100",
        "noprop.metrics.tensorboard=off",
    ];

    // The paper's layout, with dropout and batch normalisation, in small.
    private static readonly string[] Paper =
    [
        .. Compact,
        "noprop.network.kind=paper",
        "noprop.network.channels=[16, 16, 16]",
        "noprop.network.image-features=16",
        "noprop.network.hidden=[16, 12]",
        "noprop.batch=64",
        "noprop.blocks=2",
        "noprop.seed=5",
    ];

    /// <summary>The digits on the small compact network.</summary>
    public static RunPlan OnDigits(params string[] overrides) =>
        RunPlan.Create(SettingsLoader.Load(null, [.. Compact, .. overrides]), Few.Value);

    /// <summary>Random images of MNIST's shape on the paper's network.</summary>
    public static RunPlan OnPaperNetwork(params string[] overrides) =>
        RunPlan.Create(SettingsLoader.Load(null, [.. Paper, .. overrides]), Random.Value);

    /// <summary>SHA-256 of the weights that the plain loop makes of the same training settings; made once for each.</summary>
    public static string PlainLoopWeights(RunPlan plan)
    {
        string key = $"{plan.Dataset.Name} {plan.Settings.Training} {string.Join(',', plan.Settings.Training.Network.Channels)} {plan.Settings.Epochs} {plan.Settings.Data.Augment}";
        return References.GetOrAdd(key, _ => new Lazy<string>(() =>
        {
            TorchRuntime.Load();
            TorchRuntime.UseOneThread();
            IMethod method = MethodCatalog.Create(plan.Settings.Training, plan.Dataset);
            return WeightsHash.Sha256(PlainLoop.Train(method, plan.Batches(), plan.Settings.Epochs));
        })).Value;
    }

    /// <summary>Trains to the end.</summary>
    public static Task<RunEnded> Train(this RunPlan plan) => TrainingRun.RunAsync(plan).WaitAsync(Patience);

    /// <summary>Trains until so many commits of blocks have been seen, then stops.</summary>
    public static async Task<RunEnded> TrainUntil(this RunPlan plan, int commits)
    {
        using CancellationTokenSource stop = new();
        RunEnded ended = await TrainingRun.RunAsync(plan, Watch, stop: stop.Token).WaitAsync(Patience);
        Assert.True(ended.Outcome == RunOutcome.Stopped, $"the run was to be stopped in the middle and has {ended.Outcome}");
        return ended;

        void Watch(RunEvent runEvent)
        {
            if (runEvent is StepsTrained && --commits == 0)
            {
                stop.Cancel();
            }
        }
    }

    /// <summary>Trains to the end, with other policies after every few commits of blocks.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="switches">The policies, in their order.</param>
    /// <param name="everyCommits">Commits of blocks before each of them is asked for.</param>
    /// <param name="observe">Told every event.</param>
    public static Task<RunEnded> TrainSwitching(this RunPlan plan, IReadOnlyList<PolicySettings> switches, int everyCommits, Action<RunEvent>? observe = null)
    {
        RunControl? control = null;
        (int commits, int asked) = (0, 0);
        return TrainingRun.RunAsync(plan, Watch, started: steering => control = steering).WaitAsync(Patience);

        void Watch(RunEvent runEvent)
        {
            observe?.Invoke(runEvent);
            if (runEvent is StepsTrained && ++commits % everyCommits == 0 && asked < switches.Count)
            {
                _ = control?.SetPoliciesAsync(switches[asked++], Patience);
            }
        }
    }

    /// <summary>One session of a run that is recorded in the same folder as those before it.</summary>
    public static async Task<RunEnded> Session(this RunPlan plan, TempFolder temp, Func<RunPlan, Task<RunEnded>> train)
    {
        string path = temp.File("run");
        using RunFolder folder = Directory.Exists(path) ? RunFolder.Continue(path) : RunFolder.Create(path, SettingsHocon.ToHocon(plan.Settings));
        return await train(plan with { Folder = folder });
    }

    /// <summary>A run that goes on from a checkpoint of its folder.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="step">Block steps of the checkpoint; null for the newest.</param>
    public static RunPlan Resumed(this RunPlan plan, long? step = null) => plan with
    {
        Resume = step is { } chosen ? plan.Folder!.Checkpoints.Load(chosen) : plan.Folder!.Checkpoints.LoadNewestWhole().Checkpoint!,
    };

    private static Dataset RandomImages()
    {
        ImageShape shape = new(1, 28, 28);
        Random random = new(1);
        return new Dataset("random", shape, 255, [.. "0123456789".Select(c => c.ToString())], Split(300), Split(20));

        ImageSplit Split(int count)
        {
            byte[] pixels = new byte[count * shape.Pixels];
            random.NextBytes(pixels);
            return ImageSplit.FromBytes(pixels, [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(10))], shape);
        }
    }
}
