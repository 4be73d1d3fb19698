using System.Diagnostics;
using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction.Memory;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Benchmarks.Performance;

/// <summary>What stands around training: mini-batches, inference, the start of a process.</summary>
internal static class OtherCases
{
    private const int TestImages = 2000;

    /// <summary>A mini-batch against a step.</summary>
    public static PerformanceCase Loader() => new(
        "loader",
        "Preparing a mini-batch of 128 images of the size of mnist, which all ten blocks share, against a step of one compact block.",
        [new("mini-batch", "ms", Batches), new("step", "ms", () => StepCases.Of("mnist").Milliseconds)],
        [new("mini-batch / step of one block", 0, 1, "below 0.1: it serves ten")]);

    /// <summary>The chain of blocks against that of a script.</summary>
    public static PerformanceCase Inference() => new(
        "inference",
        $"{TestImages:N0} images of the size of mnist through ten compact blocks on one thread, 1,000 at a time; the script has two threads within an operation.",
        [new("script", "ms", Script), new("chain, kernels fused", "ms", () => Chain("fused")), new("chain, kernels plain", "ms", () => Chain("plain"))],
        [new("script / chain", 0, 1), new("plain / fused", 2, 1)]);

    /// <summary>Short commands from the start of their process to its end.</summary>
    public static PerformanceCase StartUp() => new(
        "start-up",
        "Processes of noprop from start to end, digits.",
        [
            new("noprop --version", "s", () => SecondsOf("--version")),
            new("noprop train --epochs 1 --blocks 1", "s", () => SecondsOf("train", "--plain", "--epochs", "1", "--blocks", "1")),
        ],
        [new("train / --version", 1, 0)]);

    private static double Batches()
    {
        TrainingSettings settings = SettingsLoader.Load().Settings.Training;
        using Dataset dataset = RandomImages.Of("mnist", 50 * settings.BatchSize);
        BatchSource batches = new(dataset, settings.Seed, settings.BatchSize);
        return Median(50, step => batches.Prepare(step).Dispose());
    }

    private static double Chain(string kernels)
    {
        TrainingSettings settings = SettingsLoader.Load(overrides: [$"noprop.kernels={kernels}"]).Settings.Training;
        using Dataset dataset = RandomImages.Of("mnist", TestImages);
        DiscreteTime method = new(settings, dataset.Shape, dataset.Classes);
        Snapshot Initial(BlockId block)
        {
            using IBlockCompute compute = method.CreateBlock(block, from: null);
            return compute.Snapshot();
        }

        IDenoiserCompute[] blocks = [.. BlockId.UpTo(method.Blocks).Select(block => method.CreateDenoiser(block, Initial(block), head: null))];
        double taken = Median(1, _ =>
        {
            for (long from = 0; from < TestImages; from += 1000)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor images = dataset.Normalise(dataset.Test.Images.narrow(0, from, 1000));
                Tensor z = zeros(1000, method.EmbeddingSize);
                foreach (IDenoiserCompute block in blocks)
                {
                    z = block.Denoise(images, z, eps: null);
                }
            }
        });
        Array.ForEach(blocks, block => block.Dispose());
        return taken;
    }

    private static double Script()
    {
        using Dataset dataset = RandomImages.Of("mnist", TestImages);
        double taken = 0;
        Thread thread = new(() =>
        {
            using ScriptLoop script = new(SettingsLoader.Load().Settings.Training, dataset);
            taken = Median(1, _ => script.Accuracy());
        });
        thread.Start();
        thread.Join();
        return taken;
    }

    /// <summary>Whether many blocks take in proportion as much memory as few.</summary>
    public static PerformanceCase MemoryOfBlocks()
    {
        return new(
            "memory-of-blocks",
            "Peak resident memory of `noprop train` with compact blocks on the embedded digits, one epoch without tests: what each further block takes.",
            [
                new("a block more, from 10 to 55", "MB", () => (With(55) - With(10)) / 45),
                new("a block more, from 55 to 100", "MB", () => (With(100) - With(55)) / 45),
            ],
            [new("from 55 to 100 / from 10 to 55", 1, 0, "at most 1")]);

        static double With(int blocks) => InFolder(folder =>
        {
            Task<long> peak = Task.FromResult(0L);
            string[] arguments = ["train", "--plain", "--epochs", "1", "--blocks", $"{blocks}", "--set", "noprop.evaluate.every-epochs=0", "--out", "run"];
            Noprop.RunAsync(folder, arguments, CancellationToken.None, process => peak = PeakOf(process.Id)).GetAwaiter().GetResult();
            return peak.GetAwaiter().GetResult() / 1e6;
        });
    }

    /// <summary>Largest resident set of a process until it ends, in bytes: the kernel keeps it, and it is read until it is gone.</summary>
    private static async Task<long> PeakOf(int process)
    {
        long peak = 0;
        try
        {
            while (true)
            {
                peak = MemoryReading.Parse(await File.ReadAllTextAsync($"/proc/{process}/status")).Peak;
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
        catch (Exception e) when (e is IOException or NoPropException)
        {
            // It has ended: its memory is gone first, then the process.
            return peak;
        }
    }

    private static double SecondsOf(params string[] arguments) =>
        InFolder(folder => Median(1, _ => Noprop.RunAsync(folder, arguments, CancellationToken.None).GetAwaiter().GetResult()) / 1000);

    private static double InFolder(Func<string, double> measure)
    {
        string folder = Directory.CreateTempSubdirectory("noprop-process-").FullName;
        try
        {
            return measure(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Median(int times, Action<int> action)
    {
        TorchRuntime.Load();
        double[] taken = new double[times];
        for (int i = 0; i < times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action(i);
            taken[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Spread.Of(taken).Median;
    }
}
