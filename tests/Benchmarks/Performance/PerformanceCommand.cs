using System.Collections.Immutable;
using System.CommandLine;
using NoProp.Models.Native;
using Spectre.Console;

namespace NoProp.Benchmarks.Performance;

/// <summary><c>performance</c>: every case by name, written to <c>docs/performance.md</c> and <c>.json</c> where that is asked for.</summary>
internal static class PerformanceCommand
{
    private static readonly ImmutableArray<PerformanceCase> Cases =
    [
        TrainingCases.Script("mnist", "compact", steps: 320, wanted: "1.8"),
        TrainingCases.Script("cifar10", "paper", steps: 48, wanted: "1.6"),
        TrainingCases.Script("digits", "compact", steps: 640),
        StepCases.Limit("mnist", "compact", wanted: "1.6"),
        StepCases.Limit("cifar10", "paper", wanted: "1.5"),
        StepCases.Limit("cifar10", "compact"),
        StepCases.Limit("mnist", "paper"),
        TrainingCases.Slots(),
        TrainingCases.Blocks(),
        OtherCases.MemoryOfBlocks(),
        StepCases.Images(),
        StepCases.Embeddings(),
        StepCases.Allocation(),
        OtherCases.Loader(),
        OtherCases.Inference(),
        OtherCases.StartUp(),
    ];

    /// <summary>The cases that a device can be asked for, by the names that they have without one.</summary>
    private static readonly ImmutableDictionary<string, Func<ComputeDevice, PerformanceCase>> OnDevice = new Dictionary<string, Func<ComputeDevice, PerformanceCase>>
    {
        ["training-mnist"] = device => TrainingCases.Script("mnist", "compact", steps: 120, device),
        ["training-cifar10"] = device => TrainingCases.Script("cifar10", "paper", steps: 24, device),
        ["training-digits"] = device => TrainingCases.Script("digits", "compact", steps: 160, device),
        ["step-mnist-compact"] = device => StepCases.Limit("mnist", "compact", device),
        ["step-cifar10-paper"] = device => StepCases.Limit("cifar10", "paper", device),
        ["step-cifar10-compact"] = device => StepCases.Limit("cifar10", "compact", device),
        ["step-mnist-paper"] = device => StepCases.Limit("mnist", "paper", device),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Argument<string[]> names = new("cases") { Description = $"Which; all where none is named: {string.Join(", ", Cases.Select(one => one.Name))}", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> place = new("--device") { Description = "Measure training and steps on this device, as in cuda or cuda:1; cpu:1 stands in for one. Without it all cases, on the CPU", HelpName = "DEVICE" };
        names.AcceptOnlyFromAmong([.. Cases.Select(one => one.Name)]);
        Option<int> rounds = new("--rounds") { Description = "Rounds; each measures every arm of a case once, after one that does not count", DefaultValueFactory = _ => 5 };
        Option<string?> into = new("--into") { Description = "Folder whose performance.md and performance.json take the results, as in docs" };
        Command command = new("performance", "How fast: actors against a script, steps against their arithmetic, and how both scale") { names, place, rounds, into };
        command.SetAction(parsed =>
        {
            TorchRuntime.Load();
            TorchRuntime.UseOneThread();
            string[] asked = parsed.GetValue(names)!;
            IEnumerable<PerformanceCase> chosen = Cases.Where(one => asked.Length == 0 || asked.Contains(one.Name));
            if (parsed.GetValue(place) is { } text)
            {
                string? fault = ComputeDevice.TryParse(text, out ComputeDevice device) ? Fault(device, asked) : $"{text}: must be cpu or cuda, or one of them with a number, as in cuda:1";
                if (fault is not null)
                {
                    AnsiConsole.WriteLine($"--device {fault}");
                    return 1;
                }

                chosen = chosen.Where(one => OnDevice.ContainsKey(one.Name)).Select(one => OnDevice[one.Name](device));
            }

            foreach (PerformanceCase one in chosen)
            {
                CaseResult result = Run(one, parsed.GetValue(rounds));
                AnsiConsole.WriteLine($"{result.Name}: {result.What}");
                AnsiConsole.WriteLine(PerformanceFile.Tables(result));
                if (parsed.GetValue(into) is { } folder)
                {
                    PerformanceFile.Update(folder, [.. Cases.Select(known => known.Name)], [result]);
                }
            }

            return 0;
        });
        return command;
    }

    private static string? Fault(ComputeDevice device, IEnumerable<string> cases) =>
        Cuda.Find().Fault(device)
        ?? (cases.FirstOrDefault(name => !OnDevice.ContainsKey(name)) is { } other ? $"{device}: {other} is measured on the CPU alone" : null);

    private static CaseResult Run(PerformanceCase one, int rounds) => AnsiConsole.Console.Progress().Start(context =>
    {
        ProgressTask task = context.AddTask(one.Name, maxValue: (rounds + 1) * one.Arms.Length);
        return one.Run(rounds, () => task.Increment(1));
    });
}
