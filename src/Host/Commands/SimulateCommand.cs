using System.CommandLine;
using NoProp.Actors.Simulation;
using NoProp.Host.Simulations;
using NoProp.Models.Checkpoints;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop simulate</c>.</summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        SimulationOptions options = new();
        Option<string> json = new("--json") { Description = "Write all figures into this file too", HelpName = "FILE" };
        Command command = new(
            "simulate",
            "Run update policies on a virtual clock: the trainer's and the head's own code, with workers that take time instead of computing. Begin with "
            + "`noprop simulate --workers 4 --slow 25%:4x --policy bounded:8,lockstep,async`")
        {
            json,
        };
        options.AddTo(command);
        command.SetAction((parsed, _) => Task.FromResult(Simulate(options, parsed, parsed.GetValue(json))));
        return command;
    }

    private static int Simulate(SimulationOptions options, ParseResult parsed, string? json)
    {
        (IReadOnlyList<(string Policy, SimulationSettings Settings)> runs, string? note) = options.Read(parsed);
        if (note is not null)
        {
            Terminal.Out.WriteLine(note);
        }

        using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
        using (signals)
        {
            (string Policy, SimulationResult Result)[] results = Terminal.Error.Progress().Start(context => runs
                .Select(run =>
                {
                    ProgressTask task = context.AddTask(run.Policy.EscapeMarkup(), maxValue: 1);
                    SimulationResult result = Simulator.Run(run.Settings, share => task.Value = share, stop.Token);
                    task.Value = 1;
                    return (run.Policy, result);
                })
                .ToArray());
            Terminal.Out.Write(SimulationTable.Draw(results));
            foreach ((string policy, SimulationResult result) in results)
            {
                foreach (string violation in result.Violations)
                {
                    Terminal.Error.MarkupLineInterpolated($"[red]{policy}:[/] {violation}");
                }
            }

            if (json is not null)
            {
                AtomicFile.Write(json, SimulationTable.Json(results));
            }

            return results.All(run => run.Result.Violations.IsEmpty) ? CommandLine.Success : CommandLine.Failure;
        }
    }
}
