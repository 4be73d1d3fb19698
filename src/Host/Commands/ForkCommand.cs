using System.CommandLine;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Host.Replaying;
using static NoProp.Host.Commands.ReproductionOptions;

namespace NoProp.Host.Commands;

/// <summary><c>noprop fork</c>.</summary>
internal static class ForkCommand
{
    public static Command Create()
    {
        Argument<string> run = new("run@step") { Description = "Run folder, and the checkpoint of so many block steps to begin from, as in runs/a@3600 [default: the newest]" };
        Option<string[]> policies = new("--policies")
        {
            Description = "The arms: policies of the blocks with commas, as in async,bounded:4,lockstep; or, once for each arm, several policies, as in "
                + "'async;embedding=averaged;refresh=4'",
            HelpName = "ARMS",
            Required = true,
        };
        Option<int?> epochs = new("--epochs") { Description = "Epochs that the arms reach, those before the fork included [default: the run's]", HelpName = "N" };
        Option<string> output = new("--out") { Description = "Folder of the report and of the arms' runs [default: runs/fork-<time>]", HelpName = "FOLDER" };
        Option<bool> plain = Plain();
        Option<bool> resume = new("--resume") { Description = "Go on in the folder of --out with the same options: finished arms are not trained again" };
        Command command = new("fork", "Train on from one state of a run with other policies, one run for each, and set them side by side: same weights, moments and noise")
        {
            run, policies, epochs, output, plain, resume,
        };
        command.SetAction(async (parsed, _) =>
        {
            (string path, long? step) = Split(parsed.GetValue(run)!);
            string? root = parsed.GetValue(output);
            if (parsed.GetValue(resume) && root is null)
            {
                throw new SettingsException("--resume needs the folder to go on in: name it with --out");
            }

            using CancellationTokenSource stop = CommandLine.StopSignals(out IDisposable signals);
            using (signals)
            {
                Fork fork = Fork.Prepare(path, step, ForkArm.Parse(parsed.GetValue(policies)!), parsed.GetValue(epochs), root, parsed.GetValue(resume));
                return await fork.RunAsync(Terminal.Out, parsed.GetValue(plain) || !Terminal.IsLive, stop.Token);
            }
        });
        return command;
    }

    private static (string Path, long? Step) Split(string text)
    {
        int at = text.LastIndexOf('@');
        return at > 0 && long.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? (text[..at], step) : (text, null);
    }
}
