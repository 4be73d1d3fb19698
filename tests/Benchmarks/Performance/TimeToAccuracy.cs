using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using Spectre.Console;

namespace NoProp.Benchmarks.Performance;

/// <summary><c>time-to</c>: how long the actors and a script take to the same test accuracy, each once and end to end.</summary>
internal static class TimeToAccuracy
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string> data = new("--data") { Description = "Data set", DefaultValueFactory = _ => "mnist" };
        Option<string?> folder = new("--data-dir") { Description = "Folder with its files" };
        Option<double> accuracy = new("--accuracy") { Description = "Test accuracy to reach, looked at after each epoch", DefaultValueFactory = _ => 0.98 };
        Option<int> epochs = new("--epochs") { Description = "Epochs at most", DefaultValueFactory = _ => 10 };
        Command command = new("time-to", "Time of the actors and of a script to the same test accuracy, each once and end to end") { data, folder, accuracy, epochs };
        command.SetAction(async (parsed, stop) =>
        {
            LoadedSettings loaded = SettingsLoader.Load(overrides: ["noprop.slots=2", $"noprop.epochs={parsed.GetValue(epochs)}"]);
            using Dataset dataset = DataCatalog.Load(parsed.GetValue(data)!, parsed.GetValue(folder));
            double wanted = parsed.GetValue(accuracy);
            double? actors = await WithActorsAsync(loaded, dataset, wanted, stop);
            double? script = await Task.Factory.StartNew(() => WithScript(loaded.Settings.Training, dataset, wanted, parsed.GetValue(epochs)), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (actors is null || script is null)
            {
                AnsiConsole.WriteLine("not reached");
                return 1;
            }

            AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{wanted:P0} on {parsed.GetValue(data)}: actors {actors:0.0} s, script {script:0.0} s, ratio {actors / script:0.000}"));
            return 0;
        });
        return command;
    }

    private static async Task<double?> WithActorsAsync(LoadedSettings loaded, Dataset dataset, double wanted, CancellationToken stop)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        long start = Stopwatch.GetTimestamp();
        double? taken = null;
        await TrainingRun.RunAsync(
            RunPlan.Create(loaded, dataset),
            told =>
            {
                if (told is EpochFinished { TestAccuracyPerBlock.IsEmpty: false } epoch && taken is null)
                {
                    Tell("actors", epoch.Epoch, epoch.TestAccuracy, start);
                    if (epoch.TestAccuracy >= wanted)
                    {
                        taken = Stopwatch.GetElapsedTime(start).TotalSeconds;
                        enough.Cancel();
                    }
                }
            },
            stop: enough.Token);
        return taken;
    }

    private static double? WithScript(TrainingSettings settings, Dataset dataset, double wanted, int epochs)
    {
        long start = Stopwatch.GetTimestamp();
        using ScriptLoop script = new(settings, dataset);
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            script.Epoch();
            double accuracy = script.Accuracy();
            Tell("script", epoch, accuracy, start);
            if (accuracy >= wanted)
            {
                return Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }

        return null;
    }

    private static void Tell(string arm, int epoch, double accuracy, long start) =>
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{arm}: epoch {epoch}, test accuracy {accuracy:P2}, {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"));
}
