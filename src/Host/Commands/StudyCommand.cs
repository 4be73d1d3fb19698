using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction;
using NoProp.Host.Reproduction.Rows;
using NoProp.Host.Reproduction.Studies;
using NoProp.Models.Data;
using static NoProp.Host.Commands.ReproductionOptions;

namespace NoProp.Host.Commands;

/// <summary><c>noprop study</c>.</summary>
internal static class StudyCommand
{
    public static Command Create() => new("study", "Train many runs that differ in one thing, and set their results side by side") { CreateStaleness() };

    private static Command CreateStaleness()
    {
        Option<string> data = Data($" [default: {Digits.Name}]");
        Option<string> dataDir = DataDir();
        Option<int?> seeds = Seeds(3);
        Option<string> rows = Rows("as in *-lag-10 or dt-prototype-*");
        Option<int?> epochs = new("--epochs") { Description = "Passes over the training images [default: 30 on the digits, otherwise 3]", HelpName = "N" };
        Option<int?> images = new("--train-limit") { Description = "Train on the first N images [default: 1500 on the digits, otherwise 6400]", HelpName = "N" };
        Option<string> output = Out($"study-{StalenessStudy.Name}");
        Option<bool> plain = Plain();
        Option<bool> resume = Resume();
        Command command = new(StalenessStudy.Name, StalenessStudy.Experiment.Description) { data, dataDir, seeds, rows, epochs, images, output, plain, resume };
        command.SetAction(async (parsed, _) =>
        {
            string set = parsed.GetValue(data) ?? Digits.Name;
            AccuracyRequest request = new(set, parsed.GetValue(dataDir), "compact", null, AccuracyRequest.SeedsOr(parsed.GetValue(seeds), 3), parsed.GetValue(rows))
            {
                Verb = "study",
                Budget = StalenessStudy.Budget(set, AtLeastOne(parsed, epochs), AtLeastOne(parsed, images)),
                Further = [("--epochs", parsed.GetValue(epochs)?.ToString(CultureInfo.InvariantCulture)), ("--train-limit", parsed.GetValue(images)?.ToString(CultureInfo.InvariantCulture))],
            };
            return await AccuracyReproduction.RunAsync(StalenessStudy.Experiment, request, parsed.GetValue(output), parsed.GetValue(resume), parsed.GetValue(plain));
        });
        return command;
    }

    private static int? AtLeastOne(ParseResult parsed, Option<int?> option) => parsed.GetValue(option) is < 1
        ? throw new SettingsException($"{option.Name} {parsed.GetValue(option)}: must be a whole number of at least 1")
        : parsed.GetValue(option);
}
