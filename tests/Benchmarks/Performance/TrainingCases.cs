using System.Diagnostics;
using NoProp.Actors.Hosting;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Benchmarks.Performance;

/// <summary>Whole runs: a script, plain loops, actors.</summary>
internal static class TrainingCases
{
    private const string Rate = "block steps/s";

    // A script is many times slower: a part of the steps tells its rate.
    private const int ScriptPart = 4;

    /// <summary>Actors against a script as one writes it for PyTorch, and against plain loops with the same kernels.</summary>
    public static PerformanceCase Script(string images, string network, int steps, string wanted = "")
    {
        return new(
            $"training-{images}",
            $"10 {network} blocks, images of the size of {images}, mini-batches of 128, {steps} steps of each block, {steps / ScriptPart} with the script.",
            [
                new("script: one thread, two threads within an operation", Rate, () => In(WithScript, steps / ScriptPart)),
                new("plain loop on one thread", Rate, () => In(OnOneThread, steps)),
                new("two plain loops on two threads", Rate, () => In(OnTwoThreads, steps)),
                new("actors with two slots", Rate, () => In(WithActors, steps)),
            ],
            [
                new("actors / script", 3, 0, wanted.Length > 0 ? $"at least {wanted}" : ""),
                new("actors / two plain loops", 3, 2, "at least 0.97"),
                new("actors / plain loop", 3, 1),
            ]);

        double In(Func<LoadedSettings, Dataset, double> arm, int count) => InTraining(images, count, arm, $"noprop.network.kind={network}");
    }

    /// <summary>The same on a device, with more slots and in other precisions too. The script has its images there from the beginning.</summary>
    public static PerformanceCase Script(string images, string network, int steps, ComputeDevice device)
    {
        string[] overrides = [$"noprop.network.kind={network}", $"noprop.devices={device}"];
        return new(
            $"training-{images} on {device}",
            $"10 {network} blocks on {device}, images of the size of {images}, mini-batches of 128, {steps} steps of each block, in float32 unless it says otherwise.",
            [
                new("script", Rate, () => In(WithScript)),
                new("plain loop", Rate, () => In(OnOneThread)),
                new("two plain loops on two threads", Rate, () => In(OnTwoThreads)),
                new("actors with one slot", Rate, () => In(WithActors, "noprop.slots=1")),
                new("actors with two slots", Rate, () => In(WithActors)),
                new("actors with four slots", Rate, () => In(WithActors, "noprop.slots=4")),
                new("actors with two slots, tf32", Rate, () => In(WithActors, "noprop.precision=tf32")),
                new("actors with two slots, bf16", Rate, () => In(WithActors, "noprop.precision=bf16")),
            ],
            [
                new("actors with two slots / script", 4, 0),
                new("actors with two slots / plain loop", 4, 1),
                new("two slots / one", 4, 3),
                new("four slots / one", 5, 3),
                new("tf32 / float32", 6, 4),
                new("bf16 / float32", 7, 4),
            ]);

        double In(Func<LoadedSettings, Dataset, double> arm, params string[] more) => InTraining(images, steps, arm, [.. overrides, .. more]);
    }

    /// <summary>One slot and two.</summary>
    public static PerformanceCase Slots()
    {
        const int Steps = 24;
        return new(
            "slots",
            "10 compact blocks of actors, images of the size of mnist.",
            [new("one slot", Rate, () => With(1)), new("two slots", Rate, () => With(2))],
            [new("two slots / one", 1, 0)]);

        static double With(int slots)
        {
            LoadedSettings loaded = Load($"noprop.slots={slots}");
            using Dataset dataset = RandomImages.Of("mnist", Steps * loaded.Settings.Training.BatchSize);
            return Steps * loaded.Settings.Training.Blocks / WithActors(loaded, dataset);
        }
    }

    /// <summary>As many steps of few blocks and of many.</summary>
    public static PerformanceCase Blocks()
    {
        // So many that to make a hundred blocks, each once, does not count.
        const int Steps = 25600;
        return new(
            "blocks",
            $"{Steps} steps of compact blocks on digits by actors with two slots, shared by 1 to 100 blocks.",
            [new("2 blocks", Rate, () => With(2)), new("10 blocks", Rate, () => With(10)), new("100 blocks", Rate, () => With(100))],
            [new("10 blocks / 2", 1, 0), new("100 blocks / 10", 2, 1, "0.95 to 1.05")]);

        static double With(int blocks)
        {
            LoadedSettings loaded = Load($"noprop.blocks={blocks}");
            using Dataset dataset = RandomImages.Of("digits", Steps / blocks * loaded.Settings.Training.BatchSize);
            return Steps / WithActors(loaded, dataset);
        }
    }

    private static double InTraining(string images, int steps, Func<LoadedSettings, Dataset, double> arm, params string[] overrides)
    {
        LoadedSettings loaded = Load(overrides);
        using Dataset dataset = RandomImages.Of(images, steps * loaded.Settings.Training.BatchSize);
        return steps * loaded.Settings.Training.Blocks / arm(loaded, dataset);
    }

    private static LoadedSettings Load(params string[] overrides) =>
        SettingsLoader.Load(overrides: ["noprop.epochs=1", "noprop.slots=2", "noprop.evaluate.every-epochs=0", .. overrides]);

    private static double WithScript(LoadedSettings loaded, Dataset dataset)
    {
        double seconds = 0;
        // The number of threads within an operation is a thread's own.
        OnThreads(1, () =>
        {
            ComputeDevice device = loaded.Settings.Devices[0];
            TorchRuntime.ComputeOn(device, isTf32: false);
            using ScriptLoop script = new(loaded.Settings.Training, dataset, device);
            Gpu.Await(device);
            seconds = Seconds(() =>
            {
                script.Epoch();
                Gpu.Await(device);
            });
        });
        return seconds;
    }

    private static double OnOneThread(LoadedSettings loaded, Dataset dataset) => Seconds(() => OnThreads(1, () => Plain(loaded.Settings.Training, dataset, loaded.Settings.Devices[0])));

    private static double OnTwoThreads(LoadedSettings loaded, Dataset dataset)
    {
        TrainingSettings half = loaded.Settings.Training with { Blocks = loaded.Settings.Training.Blocks / 2 };
        return Seconds(() => OnThreads(2, () => Plain(half, dataset, loaded.Settings.Devices[0])));
    }

    private static double WithActors(LoadedSettings loaded, Dataset dataset) =>
        TrainingRun.RunAsync(RunPlan.Create(loaded, dataset)).GetAwaiter().GetResult().Figures.WallTime.TotalSeconds;

    // Its end, the blocks' snapshots, waits for the device, as that of the actors does.
    private static void Plain(TrainingSettings settings, Dataset dataset, ComputeDevice device)
    {
        TorchRuntime.UseOneThread();
        PlainLoop.Train(
            new DiscreteTime(settings, dataset.Shape, dataset.Classes), new BatchSource(dataset, settings.Seed, settings.BatchSize), epochs: 1, device: device);
    }

    private static void OnThreads(int count, Action action)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() => action()))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
