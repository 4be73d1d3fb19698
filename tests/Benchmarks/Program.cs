using System.CommandLine;
using NoProp.Benchmarks;
using NoProp.Benchmarks.Performance;
using NoProp.Benchmarks.Serving;
using Spectre.Console;

// A file takes tables as wide as they are.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 200;
}

return new RootCommand("Measures NoProp.NET: every figure is a ratio of arms that run in turn, in one process.")
{
    PerformanceCommand.Create(),
    TimeToAccuracy.Create(),
    SleepingWorkers.CreatePolicies(),
    SleepingWorkers.CreateSimulator(),
    Invariants.Create(),
    LinkSpeed.Create(),
    Chaos.Create(),
    Storm.Create(),
    ServeLoad.Create(),
}.Parse(args).Invoke();
