using System.CommandLine;
using NoProp.Benchmarks;
using NoProp.Benchmarks.Serving;

return new RootCommand("Measures NoProp.NET: every figure is a ratio of arms that run in turn, in one process.")
{
    Overhead.Create(),
    SleepingWorkers.CreatePolicies(),
    SleepingWorkers.CreateSimulator(),
    Invariants.Create(),
    LinkSpeed.Create(),
    Chaos.Create(),
    ServeLoad.Create(),
}.Parse(args).Invoke();
