using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Host.Cluster;
using NoProp.Host.Control;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop policy</c>.</summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "Show or change the policies of a run, also while it trains, here or on a cluster") { CreateShow(), CreateSet() };

    private static Command CreateShow()
    {
        Target target = new();
        Command command = target.AddTo(new("show", "Which policies hold"));
        command.SetAction(async (parsed, stop) =>
        {
            (string name, IRunPolicies? run) = await target.OpenAsync(parsed, stop);
            await using (run)
            {
                PoliciesAnswer? answer = run is null ? null : await run.GetPoliciesAsync(stop);
                if (answer is null && IsAddress(name) is not null)
                {
                    throw NotThere(name);
                }

                IReadOnlyDictionary<string, string> policies = answer?.Policies ?? Saved(name);
                Terminal.Out.WriteLine(answer is null
                    ? $"{name} is not in training: these are the policies that it would go on with"
                    : string.Create(CultureInfo.InvariantCulture, $"{name} is in training; policies switched: {answer.Fence}"));
                Table table = new() { Border = TableBorder.Rounded };
                table.AddColumns("policy", "is", "decides");
                foreach (PolicyEntry entry in PolicyTable.All)
                {
                    table.AddRow(new Text(entry.Name), new Text(policies.GetValueOrDefault(entry.Name, "-")), new Text(entry.Meaning));
                }

                Terminal.Out.Write(table);
                return CommandLine.Success;
            }
        });
        return command;
    }

    private static Command CreateSet()
    {
        Target target = new();
        (PolicyEntry Entry, Option<string> Option)[] options = [.. PolicyTable.All.Select(entry => (entry, PolicyOptions.Create(entry.Name)))];
        Command command = new("set", "Change policies of a run in training: what was begun under the old ones is finished first, so that nothing is lost or done twice");
        Array.ForEach(options, option => command.Add(option.Option));
        target.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            Dictionary<string, string> changes = options
                .Where(option => parsed.GetValue(option.Option) is not null)
                .ToDictionary(option => option.Entry.Name, option => parsed.GetValue(option.Option)!);
            if (changes.Count == 0)
            {
                throw new SettingsException($"nothing to set: name a policy, as in noprop policy set {target.Given(parsed)} --policy bounded:4");
            }

            (string name, IRunPolicies? run) = await target.OpenAsync(parsed, stop);
            await using (run)
            {
                PoliciesAnswer? before = run is null ? null : await run.GetPoliciesAsync(stop);
                PoliciesAnswer? after = before is null ? null : await Terminal.WaitAsync("waiting for the steps in progress", () => run!.ChangePoliciesAsync(changes, stop));
                if (after is null)
                {
                    throw NotThere(name);
                }

                foreach (PolicyEntry entry in PolicyTable.All.Where(entry => before!.Policies[entry.Name] != after.Policies[entry.Name]))
                {
                    Terminal.Out.WriteLine($"{entry.Name} {before!.Policies[entry.Name]} -> {after.Policies[entry.Name]}");
                }

                return CommandLine.Success;
            }
        });
        return command;
    }

    private static IPEndPoint? IsAddress(string target) => !Directory.Exists(target) && target.Contains(':', StringComparison.Ordinal) ? ControlAddress.Parse(target) : null;

    private static NoPropException NotThere(string target) => new(
        IsAddress(target) is not null
            ? $"nobody answers at {target}"
            : $"{target} is not in training, so there is nothing to switch: go on with noprop train --out {target} --resume and the policy's option");

    private static ImmutableSortedDictionary<string, string> Saved(string path) =>
        PolicyTable.Texts(SettingsLoader.Load(SettingsOptions.Read(RunFolder.Read(path).Settings)).Settings.Policies);

    /// <summary>The run that is meant: one that is trained here, or on a cluster.</summary>
    private sealed class Target
    {
        private readonly Argument<string?> run = new("run")
        {
            Description = "Run folder, or the address HOST:PORT that its process was given with --control; with --join the run's name [default: the one in training]",
            Arity = ArgumentArity.ZeroOrOne,
        };

        private readonly Option<string> token = new("--token") { Description = "For an address: the token in the run's control.json", HelpName = "TOKEN" };
        private readonly SettingsOptions settings = new SettingsOptions().AddClusterClient();

        public Command AddTo(Command command)
        {
            command.Add(run);
            command.Add(token);
            settings.AddTo(command);
            return command;
        }

        /// <summary>The target as the command line has it.</summary>
        public string Given(ParseResult parsed) => parsed.GetValue(run) ?? "--join HOST:PORT";

        /// <summary>Its name, and who speaks for it; null where nobody trains it.</summary>
        public async Task<(string Name, IRunPolicies? Run)> OpenAsync(ParseResult parsed, CancellationToken stop)
        {
            string? name = parsed.GetValue(run);
            LoadedSettings loaded = settings.Load(parsed);
            if (loaded.Settings.Cluster.Join.Count > 0)
            {
                ClusterPolicies training = await ClusterPolicies.OfAsync(await ClusterClient.JoinAsync(loaded, stop), name);
                return (training.Run, training);
            }

            return name is null
                ? throw new SettingsException("name a run folder, or the cluster that trains the run with --join HOST:PORT")
                : (name, IsAddress(name) is { } address ? ControlClient.ForAddress(address, parsed.GetValue(token)) : ControlClient.ForRun(name));
        }
    }
}
