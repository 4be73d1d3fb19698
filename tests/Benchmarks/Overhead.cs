using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using Spectre.Console;
using TorchSharp;

namespace NoProp.Benchmarks;

/// <summary>What actors cost: block steps per second of plain loops and of the actor system, with the same kernels.</summary>
internal static class Overhead
{
    public static Command Create()
    {
        Option<string> shape = new("--shape") { Description = "Size of the images: digits, mnist or cifar10", DefaultValueFactory = _ => "mnist" };
        shape.AcceptOnlyFromAmong("digits", "mnist", "cifar10");
        Option<string> network = new("--network") { Description = "compact or paper", DefaultValueFactory = _ => "compact" };
        Option<int> rounds = new("--rounds") { Description = "Rounds; each runs every arm once, after one that does not count", DefaultValueFactory = _ => 5 };
        Option<int> steps = new("--steps") { Description = "Steps of each block in a round", DefaultValueFactory = _ => 48 };
        Command command = new("overhead", "Plain loop on one thread, two plain loops on two threads, actors with two slots") { shape, network, rounds, steps };
        command.SetAction(parsed => Run(parsed.GetValue(shape)!, parsed.GetValue(network)!, parsed.GetValue(rounds), parsed.GetValue(steps)));
        return command;
    }

    private static int Run(string shapeName, string network, int rounds, int steps)
    {
        TorchRuntime.Load();
        ImageShape shape = shapeName switch { "digits" => new(1, 8, 8), "mnist" => new(1, 28, 28), _ => new(3, 32, 32) };
        LoadedSettings loaded = SettingsLoader.Load(overrides:
            ["noprop.epochs=1", "noprop.slots=2", "noprop.evaluate.every-epochs=0", $"noprop.network.kind={network}"]);
        TrainingSettings settings = loaded.Settings.Training;
        using Dataset dataset = RandomImages(shape, steps * settings.BatchSize);
        int blockSteps = steps * settings.Blocks;

        (string Name, Func<double> Measure)[] arms =
        [
            ("a: plain loop, one thread", () => Rate(blockSteps, () => Plain(settings, dataset))),
            ("b: two plain loops, two threads", () => Rate(blockSteps, () => OnTwoThreads(() => Plain(settings with { Blocks = settings.Blocks / 2 }, dataset)))),
            ("c: actors, two slots", () => TrainingRun.RunAsync(RunPlan.Create(loaded, dataset)).GetAwaiter().GetResult().Figures.BlockStepsPerSecond),
        ];
        double[][] rates = [.. arms.Select(_ => new double[rounds])];
        AnsiConsole.Console.Progress().Start(context =>
        {
            ProgressTask task = context.AddTask($"{settings.Blocks} {network} blocks on {shapeName}", maxValue: (rounds + 1) * arms.Length);
            for (int round = -1; round < rounds; round++)
            {
                for (int arm = 0; arm < arms.Length; arm++)
                {
                    double rate = arms[arm].Measure();
                    if (round >= 0)
                    {
                        rates[arm][round] = rate;
                    }

                    task.Increment(1);
                }
            }
        });

        Table table = new() { Border = TableBorder.Markdown };
        table.AddColumns("arm", "block steps/s, median", "lowest", "highest");
        foreach (((string name, _), double[] rate) in arms.Zip(rates))
        {
            table.AddRow(name, Number(Median(rate)), Number(rate.Min()), Number(rate.Max()));
        }

        AnsiConsole.Write(table);
        WriteRatio("(c)/(b)", rates[2], rates[1]);
        WriteRatio("(c)/(a)", rates[2], rates[0]);
        return 0;
    }

    private static void Plain(TrainingSettings settings, Dataset dataset)
    {
        TorchRuntime.UseOneThread();
        PlainLoop.Train(new DiscreteTime(settings, dataset.Shape, dataset.Classes), new BatchSource(dataset, settings.Seed, settings.BatchSize), epochs: 1);
    }

    private static void OnTwoThreads(Action action)
    {
        Thread[] threads = [new(() => action()), new(() => action())];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
    }

    private static double Rate(int blockSteps, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return blockSteps / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Dataset RandomImages(ImageShape shape, int count)
    {
        const int Classes = 10;
        byte[] pixels = new byte[count * shape.Pixels];
        new Random(1).NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % Classes))];
        using DisposeScope scope = torch.NewDisposeScope();
        return new Dataset(
            "random",
            shape,
            byte.MaxValue,
            [.. Enumerable.Range(0, Classes).Select(y => y.ToString(CultureInfo.InvariantCulture))],
            ImageSplit.FromBytes(pixels, labels, shape),
            ImageSplit.FromBytes(pixels, labels, shape));
    }

    // Arms of one round ran one after the other, so each round's ratio is free of slow drift.
    private static void WriteRatio(string name, double[] above, double[] below)
    {
        double[] ratios = [.. above.Zip(below, (x, y) => x / y)];
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: median {Median(ratios):0.000}, from {ratios.Min():0.000} to {ratios.Max():0.000} over {ratios.Length} rounds"));
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
