using System.CommandLine;
using System.Diagnostics;
using NoProp.Actors.Hosting;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>A block step against its arithmetic, with either kernels.</summary>
internal static class StepLimit
{
    /// <summary><c>step</c>.</summary>
    public static Command Create()
    {
        Option<int> rounds = new("--rounds") { Description = "Rounds; each measures the matrix product and every arm", DefaultValueFactory = _ => 7 };
        Option<int> steps = new("--steps") { Description = "Steps of an arm in a round", DefaultValueFactory = _ => 20 };
        Command command = new("step", "A block step on one thread, against its arithmetic at the rate of a matrix product") { rounds, steps };
        command.SetAction(parsed =>
        {
            TorchRuntime.Load();
            TorchRuntime.UseOneThread();
            Table table = new() { Border = TableBorder.Markdown };
            table.AddColumns("network", "images", "kernels", "step, ms", "arithmetic, ms", "step / arithmetic", "lowest", "highest");
            foreach ((string network, string images) in new[] { ("compact", "mnist"), ("paper", "cifar10"), ("compact", "cifar10"), ("paper", "mnist") })
            {
                Measure(network, images, parsed.GetValue(rounds), parsed.GetValue(steps), table);
            }

            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }

    private static void Measure(string network, string images, int rounds, int steps, Table table)
    {
        string[] kernels = ["fused", "plain"];
        double[][] seconds = [.. kernels.Select(_ => new double[rounds])];
        double[] limits = new double[rounds];
        for (int round = -1; round < rounds; round++)
        {
            double rate = Arithmetic.MatrixRate();
            foreach ((int arm, string kernel) in kernels.Index())
            {
                TrainingSettings settings = SettingsLoader.Load(overrides: [$"noprop.network.kind={network}", $"noprop.network.kernels={kernel}"]).Settings.Training;
                using Dataset dataset = RandomImages.Of(images, settings.BatchSize);
                double taken = Seconds(new DiscreteTime(settings, dataset.Shape, dataset.Classes), dataset, settings, steps);
                if (round >= 0)
                {
                    limits[round] = Arithmetic.OfStep(settings.Network, dataset.Shape, settings.BatchSize, dataset.Classes, dataset.Classes) / rate;
                    seconds[arm][round] = taken;
                }
            }
        }

        foreach ((string kernel, double[] taken) in kernels.Zip(seconds))
        {
            Ratios ratio = Ratios.Of(taken, limits);
            table.AddRow(network, images, kernel, Ratios.Number(Ratios.MedianOf(taken) * 1000), Ratios.Number(Ratios.MedianOf(limits) * 1000), Ratios.Number(ratio.Median), Ratios.Number(ratio.Lowest), Ratios.Number(ratio.Highest));
        }
    }

    private static double Seconds(DiscreteTime method, Dataset dataset, TrainingSettings settings, int steps)
    {
        BatchSource batches = new(dataset, settings.Seed, settings.BatchSize);
        using IBlockCompute block = method.CreateBlock(new BlockId(1), from: null);
        double[] taken = new double[steps];
        for (int step = 0; step < steps; step++)
        {
            using Batch batch = batches.Prepare(step);
            long start = Stopwatch.GetTimestamp();
            block.Step(batch, null);
            taken[step] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return Ratios.MedianOf(taken);
    }
}
