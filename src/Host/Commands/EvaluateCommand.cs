using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop evaluate</c>.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "Run folder" };
        Option<bool> perBlock = new("--per-block") { Description = "Accuracy after every block of the chain" };
        Option<bool> embeddings = new("--embeddings") { Description = "Draw the learned class embeddings W before and after training instead, as embeddings.png in the run's folder" };
        RunOptions options = new();
        Command command = new("evaluate", "Measure a run's accuracy on the test images") { run, perBlock, embeddings };
        options.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using TrainedRun trained = options.Open(parsed, parsed.GetValue(run)!);
            if (parsed.GetValue(embeddings))
            {
                Terminal.Out.WriteLine($"class embeddings: {TrainedEmbedding.Draw(parsed.GetValue(run)!, trained)}");
                return CommandLine.Success;
            }

            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                await using InferenceSession session = await trained.StartAsync();
                EvaluationSettings settings = new(trained.Loaded.Settings.Evaluate.BatchSize, options.Samples(parsed, trained), options.Stochastic(parsed, trained), options.Seed(parsed, trained));
                Evaluated result = await Terminal.Error.Status().StartAsync(
                    $"reading {trained.Dataset.Test.Count} test images", _ => session.EvaluateAsync(trained.Dataset, settings, stop.Token));
                Write(trained, settings, result, parsed.GetValue(perBlock));
                return CommandLine.Success;
            }
        });
        return command;
    }

    private static void Write(TrainedRun trained, EvaluationSettings settings, Evaluated result, bool perBlock)
    {
        if (perBlock)
        {
            Table table = new() { Border = TableBorder.Rounded };
            table.AddColumns("after block", "steps trained", "test accuracy");
            for (int i = 0; i < result.AccuracyPerBlock.Length; i++)
            {
                table.AddRow($"{i + 1}", $"{result.Versions[i]}", result.AccuracyPerBlock[i].ToString("0.00%", CultureInfo.InvariantCulture));
            }

            Terminal.Out.Write(table);
        }

        Terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"test accuracy {result.Accuracy:0.00%} ({trained.Dataset.Test.Count} images of {trained.Dataset.Name}, mean over {settings.Samples} draw(s) of noise, {(settings.Stochastic ? "stochastic" : "deterministic")} steps)"));
    }
}
