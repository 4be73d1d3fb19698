using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Host.Control;
using NoProp.Models;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary><c>noprop policy</c>.</summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "Show or change the policies of a run, also while it trains") { CreateShow(), CreateSet() };

    private static Command CreateShow()
    {
        (Argument<string> run, Option<string> token) = Target();
        Command command = new("show", "Which policies hold") { run, token };
        command.SetAction(async (parsed, stop) =>
        {
            string target = parsed.GetValue(run)!;
            using ControlClient? client = Client(target, parsed.GetValue(token));
            PoliciesAnswer? answer = client is null ? null : await client.GetPoliciesAsync(stop);
            if (answer is null && IsAddress(target) is not null)
            {
                throw NotThere(target);
            }

            IReadOnlyDictionary<string, string> policies = answer?.Policies ?? Saved(target);
            Terminal.Out.WriteLine(answer is null
                ? $"{target} is not in training: these are the policies that it would go on with"
                : string.Create(CultureInfo.InvariantCulture, $"{target} is in training; policies switched: {answer.Fence}"));
            Table table = new() { Border = TableBorder.Rounded };
            table.AddColumns("policy", "is", "decides");
            foreach (PolicyEntry entry in PolicyTable.All)
            {
                table.AddRow(new Text(entry.Name), new Text(policies.GetValueOrDefault(entry.Name, "-")), new Text(entry.Meaning));
            }

            Terminal.Out.Write(table);
            return CommandLine.Success;
        });
        return command;
    }

    private static Command CreateSet()
    {
        (Argument<string> run, Option<string> token) = Target();
        (PolicyEntry Entry, Option<string> Option)[] options = [.. PolicyTable.All.Select(entry => (entry, PolicyOptions.Create(entry.Name)))];
        Command command = new("set", "Change policies of a run in training: what was begun under the old ones is finished first, so that nothing is lost or done twice")
        {
            run, token,
        };
        Array.ForEach(options, option => command.Add(option.Option));
        command.SetAction(async (parsed, stop) =>
        {
            string target = parsed.GetValue(run)!;
            Dictionary<string, string> changes = options
                .Where(option => parsed.GetValue(option.Option) is not null)
                .ToDictionary(option => option.Entry.Name, option => parsed.GetValue(option.Option)!);
            if (changes.Count == 0)
            {
                throw new SettingsException($"nothing to set: name a policy, as in noprop policy set {target} --policy bounded:4");
            }

            using ControlClient? client = Client(target, parsed.GetValue(token));
            PoliciesAnswer? before = client is null ? null : await client.GetPoliciesAsync(stop);
            PoliciesAnswer? after = before is null ? null : await Terminal.WaitAsync("waiting for the steps in progress", () => client!.ChangePoliciesAsync(changes, stop));
            if (after is null)
            {
                throw NotThere(target);
            }

            foreach (PolicyEntry entry in PolicyTable.All.Where(entry => before!.Policies[entry.Name] != after.Policies[entry.Name]))
            {
                Terminal.Out.WriteLine($"{entry.Name} {before!.Policies[entry.Name]} -> {after.Policies[entry.Name]}");
            }

            return CommandLine.Success;
        });
        return command;
    }

    private static (Argument<string> Run, Option<string> Token) Target() => (
        new("run") { Description = "Run folder, or the address HOST:PORT that its process was given with --control" },
        new("--token") { Description = "For an address: the token in the run's control.json", HelpName = "TOKEN" });

    private static ControlClient? Client(string target, string? token) =>
        IsAddress(target) is { } address ? ControlClient.ForAddress(address, token) : ControlClient.ForRun(target);

    private static IPEndPoint? IsAddress(string target) => !Directory.Exists(target) && target.Contains(':', StringComparison.Ordinal) ? ControlAddress.Parse(target) : null;

    private static NoPropException NotThere(string target) => new(
        IsAddress(target) is not null
            ? $"nobody answers at {target}"
            : $"{target} is not in training, so there is nothing to switch: go on with noprop train --out {target} --resume and the policy's option");

    private static ImmutableSortedDictionary<string, string> Saved(string path) =>
        PolicyTable.Texts(SettingsLoader.Load(SettingsOptions.Read(RunFolder.Read(path).Settings)).Settings.Policies);
}
