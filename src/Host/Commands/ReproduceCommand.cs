using System.CommandLine;
using NoProp.Host.Reproduction;
using NoProp.Host.Reproduction.Memory;
using NoProp.Host.Reproduction.Reports;
using NoProp.Host.Reproduction.Rows;
using NoProp.Models.Data;
using static NoProp.Host.Commands.ReproductionOptions;

namespace NoProp.Host.Commands;

/// <summary><c>noprop reproduce</c>.</summary>
internal static class ReproduceCommand
{
    public static Command Create()
    {
        Command command = new(
            "reproduce",
            "Run the tables and figures of the NoProp paper and set the results beside the paper's. Begin with `noprop reproduce table1 --scale small`");
        Command[] experiments = [.. Experiment.All.Select(CreateAccuracy), CreateMemory(), CreateWeights()];
        foreach (Command experiment in experiments.OrderBy(experiment => !experiment.Name.StartsWith("table", StringComparison.Ordinal)).ThenBy(experiment => experiment.Name, StringComparer.Ordinal))
        {
            command.Add(experiment);
        }

        command.Add(CreateMeasurement());
        return command;
    }

    private static Command CreateAccuracy(Experiment experiment)
    {
        Option<string> data = Data(experiment.Name == Experiment.TinyImageNetTable ? "" : " [default: mnist, or digits with --scale small]");
        Option<string> dataDir = DataDir();
        Option<string> scale = new("--scale")
        {
            Description = "small: a few minutes of training on little data, to see every method learn; or a fraction F of the paper's epochs and images, "
                + "0 < F <= 1, so F x F of its work. Without it all of the paper's training: hours to weeks on a processor",
            HelpName = "small|F",
        };
        Option<int?> seeds = Seeds(1);
        Option<string> rows = Rows("as in dt-* or ct-one-hot,fm-*");
        Option<string> output = Out($"reproduce-{experiment.Name}");
        Option<string> network = Network("compact with --scale small or on the digits");
        Option<bool> plain = Plain();
        Option<bool> resume = Resume();
        Command command = new(experiment.Name, experiment.Description) { data, dataDir, scale, seeds, rows, output, network, plain, resume };
        command.SetAction(async (parsed, _) =>
        {
            AccuracyRequest request = AccuracyRequest.Create(
                experiment,
                parsed.GetValue(data),
                parsed.GetValue(dataDir),
                parsed.GetValue(network),
                parsed.GetValue(scale),
                parsed.GetValue(seeds),
                parsed.GetValue(rows));
            return await AccuracyReproduction.RunAsync(experiment, request, parsed.GetValue(output), parsed.GetValue(resume), parsed.GetValue(plain));
        });
        return command;
    }

    private static Command CreateMemory()
    {
        Option<string> data = Data(" [default: mnist]");
        Option<string> dataDir = DataDir();
        Option<string> rows = Rows("as in dt-*");
        Option<string> output = Out($"reproduce-{MemoryReproduction.Name}");
        Option<string> network = Network("compact on the digits");
        Command command = new(MemoryReproduction.Name, "Peak memory of training for every method, each in a fresh process; Linux only")
        {
            data, dataDir, rows, output, network,
        };
        command.SetAction(async (parsed, _) =>
        {
            string set = parsed.GetValue(data) ?? "mnist";
            AccuracyRequest request = new(
                set, parsed.GetValue(dataDir), AccuracyRequest.NetworkOr(parsed.GetValue(network), set == Digits.Name ? "compact" : "paper"), null, 1, parsed.GetValue(rows));
            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                return await MemoryReproduction.RunAsync(request, parsed.GetValue(output), Terminal.Out, stop.Token);
            }
        });
        return command;
    }

    private static Command CreateWeights()
    {
        Option<string> output = Out($"reproduce-{WeightReproduction.Name}");
        Command command = new(WeightReproduction.Name, "Number of weights of the paper's networks; trains nothing") { output };
        command.SetAction(parsed => WeightReproduction.Run(parsed.GetValue(output), Terminal.Out));
        return command;
    }

    /// <summary>What <see cref="MemoryProcess"/> starts.</summary>
    private static Command CreateMeasurement()
    {
        Option<string[]> set = new("--set") { HelpName = "PATH=VALUE", DefaultValueFactory = _ => [] };
        Command command = new(MemoryProcess.Verb, "Measure the memory of one training in this process") { set };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            Console.Out.Write(ReportJson.Write(await MemoryMeasurement.MeasureAsync(parsed.GetValue(set)!)));
            return CommandLine.Success;
        });
        return command;
    }
}
