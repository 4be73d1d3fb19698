using System.Diagnostics;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;

namespace NoProp.Benchmarks.Performance;

/// <summary>Steps of one block on one thread.</summary>
internal static class StepCases
{
    private const int Steps = 20;
    private const string Milliseconds = "ms";

    /// <summary>A step against its arithmetic, with either kernels.</summary>
    public static PerformanceCase Limit(string images, string network, string wanted = "") => new(
        $"step-{images}-{network}",
        $"A step of a {network} block, images of the size of {images}, a mini-batch of 128, against its dense multiplications and additions at the rate of a matrix product.",
        [
            new("step, kernels fused", Milliseconds, () => Of(images, $"noprop.network.kind={network}").Milliseconds),
            new("step, kernels plain", Milliseconds, () => Of(images, $"noprop.network.kind={network}", "noprop.kernels=plain").Milliseconds),
            new("arithmetic", Milliseconds, () => ArithmeticOf(images, $"noprop.network.kind={network}")),
        ],
        [new("fused / arithmetic", 0, 2, wanted.Length > 0 ? $"at most {wanted}" : ""), new("plain / arithmetic", 1, 2), new("plain / fused", 1, 0)]);

    /// <summary>A step on a device, each waited for, in every precision.</summary>
    public static PerformanceCase Limit(string images, string network, ComputeDevice device)
    {
        string[] overrides = [$"noprop.network.kind={network}", $"noprop.devices={device}"];
        return new(
            $"step-{images}-{network} on {device}",
            $"A step of a {network} block on {device}, images of the size of {images}, a mini-batch of 128, against its dense multiplications and additions at the rate of a float32 matrix product there. Each step is waited for.",
            [
                new("step, float32", Milliseconds, () => Of(images, overrides).Milliseconds),
                new("step, tf32", Milliseconds, () => Of(images, [.. overrides, "noprop.precision=tf32"]).Milliseconds),
                new("step, bf16", Milliseconds, () => Of(images, [.. overrides, "noprop.precision=bf16"]).Milliseconds),
                new("arithmetic", Milliseconds, () => ArithmeticOf(images, overrides)),
            ],
            [new("float32 / arithmetic", 0, 3), new("tf32 / float32", 1, 0), new("bf16 / float32", 2, 0)]);
    }

    /// <summary>Images of several sizes.</summary>
    public static PerformanceCase Images()
    {
        string[] sizes = ["digits", "mnist", "cifar10", "tiny-imagenet"];
        return new(
            "image-size",
            "A step of a compact block, a mini-batch of 128.",
            [.. sizes.Select(size => new Arm($"{size}, {RandomImages.Shapes[size]}", Milliseconds, () => Of(size).Milliseconds)), .. sizes.Select(size => new Arm($"arithmetic of {size}", Milliseconds, () => ArithmeticOf(size)))],
            [.. sizes.Select((size, i) => new RatioOfArms($"{size} / arithmetic", i, sizes.Length + i))]);
    }

    /// <summary>Embeddings of several sizes.</summary>
    public static PerformanceCase Embeddings() => new(
        "embedding-size",
        "A step of a compact block on images of the size of mnist, a mini-batch of 128. A learned embedding takes a version of it and gives a gradient.",
        [
            new("one-hot", Milliseconds, () => Of("mnist").Milliseconds),
            new("learned, d = 20", Milliseconds, () => Of("mnist", "noprop.embedding.kind=\"learned:20\"").Milliseconds),
            new("learned, d = 1,000", Milliseconds, () => Of("mnist", "noprop.embedding.kind=\"learned:1000\"").Milliseconds),
        ],
        [new("d = 20 / one-hot", 1, 0), new("d = 1,000 / one-hot", 2, 0)]);

    /// <summary>Managed memory that a step leaves to the garbage collector.</summary>
    public static PerformanceCase Allocation() => new(
        "allocation",
        "Managed memory that a step of a compact block allocates, in thousands of bytes; at most 10 are wanted.",
        [new("kernels fused", "kB", () => Of("mnist").Allocated / 1000), new("kernels plain", "kB", () => Of("mnist", "noprop.kernels=plain").Allocated / 1000)],
        []);

    private static double ArithmeticOf(string images, params string[] overrides)
    {
        NoPropSettings loaded = SettingsLoader.Load(overrides: overrides).Settings;
        TrainingSettings settings = loaded.Training;
        return 1000 * Arithmetic.OfStep(settings.Network, RandomImages.Shapes[images], settings.BatchSize, RandomImages.Classes, RandomImages.Classes) / Arithmetic.MatrixRate(loaded.Devices[0]);
    }

    /// <summary>Median time and allocation of a step of the first block, on random images of a size and on the first device.</summary>
    public static (double Milliseconds, double Allocated) Of(string images, params string[] overrides)
    {
        NoPropSettings loaded = SettingsLoader.Load(overrides: overrides).Settings;
        (TrainingSettings settings, ComputeDevice device) = (loaded.Training, loaded.Devices[0]);
        using Dataset dataset = RandomImages.Of(images, settings.BatchSize);
        BatchSource batches = new(dataset, settings.Seed, settings.BatchSize);
        DiscreteTime method = new(settings, dataset.Shape, dataset.Classes);
        using IBlockCompute block = method.CreateBlock(new BlockId(1), from: null, device);
        using IHeadCompute head = method.CreateHead(from: null);
        SharedVersion? version = method.Coupled ? head.Shared : null;
        (double[] times, double[] allocated) = (new double[Steps], new double[Steps]);
        for (int step = 0; step < Steps; step++)
        {
            using Batch batch = batches.Prepare(step);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            block.Step(batch, version);
            Gpu.Await(device);
            times[step] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            allocated[step] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return (Spread.Of(times).Median, Spread.Of(allocated).Median);
    }
}
