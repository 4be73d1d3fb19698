using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>What actors give and cost: block steps per second of a script, of plain loops with the kernels of this project, and of actors.</summary>
internal static class Overhead
{
    public static Command Create()
    {
        Option<string> shape = new("--shape") { Description = "Size of the images", DefaultValueFactory = _ => "mnist" };
        shape.AcceptOnlyFromAmong([.. RandomImages.Shapes.Keys]);
        Option<string> network = new("--network") { Description = "compact or paper", DefaultValueFactory = _ => "compact" };
        Option<int> rounds = new("--rounds") { Description = "Rounds; each runs every arm once, after one that does not count", DefaultValueFactory = _ => 5 };
        Option<int> steps = new("--steps") { Description = "Steps of each block in a round", DefaultValueFactory = _ => 48 };
        Command command = new("overhead", "Block steps a second: a script as for PyTorch, plain loops with the same kernels, actors with two slots") { shape, network, rounds, steps };
        command.SetAction(parsed => Run(parsed.GetValue(shape)!, parsed.GetValue(network)!, parsed.GetValue(rounds), parsed.GetValue(steps)));
        return command;
    }

    private static int Run(string shapeName, string network, int rounds, int steps)
    {
        TorchRuntime.Load();
        LoadedSettings loaded = SettingsLoader.Load(overrides:
            ["noprop.epochs=1", "noprop.slots=2", "noprop.evaluate.every-epochs=0", $"noprop.network.kind={network}"]);
        TrainingSettings settings = loaded.Settings.Training;
        using Dataset dataset = RandomImages.Of(shapeName, steps * settings.BatchSize);
        int blockSteps = steps * settings.Blocks;

        (string Name, Func<double> Measure)[] arms =
        [
            ("s: script, one thread with two intra-op threads", () => Script(settings, dataset, blockSteps)),
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
            table.AddRow(name, Ratios.Number(Ratios.MedianOf(rate)), Ratios.Number(rate.Min()), Ratios.Number(rate.Max()));
        }

        AnsiConsole.Write(table);
        WriteRatio("(c)/(s)", rates[3], rates[0]);
        WriteRatio("(c)/(b)", rates[3], rates[2]);
        WriteRatio("(c)/(a)", rates[3], rates[1]);
        return 0;
    }

    private static void Plain(TrainingSettings settings, Dataset dataset)
    {
        TorchRuntime.UseOneThread();
        PlainLoop.Train(new DiscreteTime(settings, dataset.Shape, dataset.Classes), new BatchSource(dataset, settings.Seed, settings.BatchSize), epochs: 1);
    }

    private static double Script(TrainingSettings settings, Dataset dataset, int blockSteps)
    {
        using ScriptLoop script = new(settings, dataset);
        return Rate(blockSteps, () => script.Epoch());
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

    // Arms of one round ran one after the other, so each round's ratio is free of slow drift.
    private static void WriteRatio(string name, double[] above, double[] below)
    {
        Ratios ratio = Ratios.Of(above, below);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: median {ratio.Median:0.000}, from {ratio.Lowest:0.000} to {ratio.Highest:0.000} over {above.Length} rounds"));
    }
}
