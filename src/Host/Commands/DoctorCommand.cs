using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NoProp.Actors.Hosting;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop doctor</c>.</summary>
internal static class DoctorCommand
{
    private const int Steps = 20;

    public static Command Create()
    {
        Command command = new("doctor", "Check this machine: libtorch, threads, data, and a few real training steps");
        command.SetAction(_ =>
        {
            Line("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
            TorchRuntime.Load();
            Line("versions", string.Join(", ", NoPropHosting.Versions().Select(version => $"{version.Key} {version.Value}")));
            Line("threads", $"{Environment.ProcessorCount} slots by default, each with one libtorch thread");
            Line("training", TrainSomeSteps());
            DataCommand.WriteTable(Terminal.Out);
            Terminal.Out.MarkupLine("[green]all well[/]");
            return CommandLine.Success;
        });
        return command;
    }

    private static string TrainSomeSteps()
    {
        TorchRuntime.UseOneThread();
        NoPropSettings settings = SettingsLoader.Load().Settings;
        using Dataset digits = Digits.Load();
        BatchSource batches = new(digits, settings.Training.Seed, settings.Training.BatchSize);
        using IBlockCompute block = new DiscreteTime(settings.Training, digits.Shape, digits.Classes).CreateBlock(new(settings.Training.Blocks), from: null);
        List<double> times = [];
        List<float> losses = [];
        for (int step = 0; step < Steps; step++)
        {
            using Batch batch = batches.Prepare(step);
            long start = Stopwatch.GetTimestamp();
            losses.Add(block.Step(batch).SquaredError);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Steps} steps of one block on digits: {times.Order().ElementAt(Steps / 2):0.0} ms a step (median), squared error {losses[0]:0.000} to {losses[^1]:0.000}");
    }

    private static void Line(string what, string found) => Terminal.Out.MarkupLineInterpolated($"[bold]{what,-9}[/] {found}");
}
