using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Policies;
using NoProp.Actors.Simulation;
using NoProp.Models.Data;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Benchmarks;

/// <summary>What policies make of workers whose steps sleep, and what the simulator says they would.</summary>
internal static class SleepingWorkers
{
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(20);

    // Where every block waits for every other one, a step that is late by some milliseconds is late for all: longer steps, less noise.
    private static readonly TimeSpan LongStepTime = TimeSpan.FromMilliseconds(50);

    /// <summary>Leased blocks against pinned ones.</summary>
    public static Command CreatePolicies()
    {
        Option<int> steps = new("--steps") { Description = "Steps of each block", DefaultValueFactory = _ => 200 };
        Command command = new("policies", "Leased and pinned blocks on four workers that sleep instead of computing: balanced progress, real actors") { steps };
        command.SetAction(parsed =>
        {
            int count = parsed.GetValue(steps);
            SimulationSettings slow = new(Policies("bounded:8")) { Blocks = 12, Steps = count, StepTime = StepTime, Slots = [1, 1, 1, 1], Slowness = [4, 1, 1, 1] };
            SimulationSettings equal = slow with { Blocks = 10, Slowness = [] };
            double leased = Measure(slow);
            double pinned = Measure(slow with { Policies = Policies("lockstep", Placement.Pinned) });
            double ideal = Measure(equal);
            double pinnedEqual = Measure(equal with { Policies = Policies("bounded:8", Placement.Pinned) });
            Table table = new() { Border = TableBorder.Markdown };
            table.AddColumns("case", "leased", "pinned", "leased / pinned");
            table.AddRow("12 blocks, one of 4 workers 4x slow: bounded:8 leased, lockstep pinned", Number(leased), Number(pinned), Number(leased / pinned));
            table.AddRow("10 blocks, 4 equal workers: bounded:8", Number(ideal), Number(pinnedEqual), Number(ideal / pinnedEqual));
            AnsiConsole.Write(table);
            return leased / pinned >= 2.7 && ideal >= 0.95 ? 0 : 1;
        });
        return command;
    }

    /// <summary>The simulator against real actors.</summary>
    public static Command CreateSimulator()
    {
        Option<int> steps = new("--steps") { Description = "Steps of each block", DefaultValueFactory = _ => 100 };
        Command command = new("simulator", "Balanced progress of real actors beside the simulator's prediction: 3 policies x 3 rates of kills") { steps };
        command.SetAction(parsed =>
        {
            Table table = new() { Border = TableBorder.Markdown };
            table.AddColumns("policy", "a worker dies every", "measured", "simulated", "difference");
            double worst = 0;
            foreach (string policy in (string[])["bounded:8", "lockstep", "async"])
            {
                foreach (double? every in (double?[])[null, 2, 0.7])
                {
                    SimulationSettings run = Run(policy, every, parsed.GetValue(steps));
                    double measured = Measure(run);
                    double simulated = Simulator.Run(run).BalancedProgress;
                    worst = Math.Max(worst, Math.Abs(simulated / measured - 1));
                    table.AddRow(policy, every is null ? "never" : $"{Number(every.Value)} s", Number(measured), Number(simulated), (simulated / measured - 1).ToString("+0.0 %;-0.0 %", CultureInfo.InvariantCulture));
                }
            }

            AnsiConsole.Write(table);
            return worst <= 0.1 ? 0 : 1;
        });
        return command;
    }

    /// <summary>12 blocks on 4 workers, one of them twice as slow; deaths at fixed times, so that both see the same.</summary>
    private static SimulationSettings Run(string policy, double? killEvery, int steps) => new(Policies(policy))
    {
        Blocks = 12,
        Steps = steps,
        StepTime = LongStepTime,
        Jitter = 0,
        Slots = [1, 1, 1, 1],
        Slowness = [1, 2, 1, 1],
        Kills = killEvery is { } every ? [.. Enumerable.Range(1, 1000).Select(i => (TimeSpan.FromSeconds(i * every), i % 4))] : [],
        Restart = TimeSpan.FromSeconds(0.5),
    };

    private static double Measure(SimulationSettings run)
    {
        TorchRuntime.Load();
        using Dataset dataset = Digits.Load(160);
        return SleepingRun.BalancedProgress(run, dataset);
    }

    private static PolicySet Policies(string blocks, Placement placement = Placement.Leased) => PolicyCatalog.BuiltIn.Parse(new PolicySettings(blocks, placement));

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
