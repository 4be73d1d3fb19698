using System.CommandLine;
using NoProp.Actors.Hosting;
using NoProp.Host.Replaying;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop replay</c>.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "Run folder" };
        Option<long?> until = new("--until") { Description = "Stop after so many steps of all blocks together", HelpName = "STEP" };
        Option<string> dataDir = new("--data-dir") { Description = "Where the data are, if not where they were in training", HelpName = "FOLDER" };
        Command command = new(
            "replay",
            "Train a run again from its log, step for step in the order in which it happened, and compare the weights: they are the same, bit for bit")
        {
            run, until, dataDir,
        };
        command.SetAction((parsed, _) => Task.FromResult(Replay(parsed.GetValue(run)!, parsed.GetValue(until), parsed.GetValue(dataDir))));
        return command;
    }

    private static int Replay(string path, long? until, string? dataDir)
    {
        if (until is < 1)
        {
            throw new SettingsException($"--until {until}: must be a whole number of at least 1");
        }

        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        using (ReplayedRun run = ReplayedRun.Open(path, dataDir))
        {
            run.Problems.ForEach(problem => Terminal.Error.MarkupLineInterpolated($"[yellow]note:[/] {problem}"));
            ReplayResult result = Terminal.Error.Progress().Start(context =>
            {
                ProgressTask task = context.AddTask("block steps");
                return run.Replay(
                    until,
                    (done, of) =>
                    {
                        task.MaxValue = Math.Max(of, 1);
                        task.Value = done;
                    },
                    stop.Token);
            });
            foreach ((long step, string recorded, string replayed) in result.Compared)
            {
                Terminal.Out.WriteLine($"checkpoint of {step} block steps: {(recorded == replayed ? "the same weights" : $"other weights, {replayed} instead of {recorded}")}");
            }

            Terminal.Out.WriteLine($"weights after {result.BlockSteps} block steps: SHA-256 {result.Weights}");
            (long Step, string Recorded, string Replayed)? wrong = result.Compared.Where(pair => pair.Recorded != pair.Replayed).Cast<(long, string, string)?>().FirstOrDefault();
            if (wrong is { } first)
            {
                throw new NoPropException($"the replay of {path} differs from the run at its checkpoint of {first.Step} block steps");
            }

            return until is null && run.RecordedWeights is { Length: > 0 } recordedWeights ? Conclude(path, recordedWeights, result.Weights) : CommandLine.Success;
        }
    }

    private static int Conclude(string path, string recorded, string replayed)
    {
        if (recorded != replayed)
        {
            throw new NoPropException($"the replay of {path} ends with other weights than the run, whose summary says {recorded}");
        }

        Terminal.Out.MarkupLine("[green]the same as the run's[/]");
        return CommandLine.Success;
    }
}
