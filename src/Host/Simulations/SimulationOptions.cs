using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Simulation;
using NoProp.Host.Commands;
using NoProp.Models;

namespace NoProp.Host.Simulations;

/// <summary>What a simulation can be asked for on the command line.</summary>
internal sealed partial class SimulationOptions
{
    private readonly Option<int?> blocks = Number("--blocks", "Number T of blocks [default: 10]");
    private readonly Option<int?> replicas = Number("--replicas", "Replicas of each block [default: 1]");
    private readonly Option<int?> workers = Number("--workers", "Number of workers [default: 4]");
    private readonly Option<int?> slots = Number("--slots-per-worker", "Blocks that each worker trains at once [default: 1]");
    private readonly Option<int?> steps = Number("--steps", "Steps of each block, or of each replica of one [default: 1000]");
    private readonly Option<double?> stepMs = new("--step-ms") { Description = "Mean time of a step, in milliseconds [default: 50]", HelpName = "MS" };
    private readonly Option<double?> jitter = new("--jitter") { Description = "Spread of that time: standard deviation of its logarithm [default: 0.1]", HelpName = "X" };
    private readonly Option<string> slow = Text("--slow", "SHARE:FACTOR", "Slow workers, as in 5%:4x: five of a hundred need four times as long");
    private readonly Option<string> killEvery = Text("--kill-every", "TIME", "A random worker dies, on average once in this time, as in 60s");
    private readonly Option<string> restart = Text("--restart", "TIME", "A dead worker is back after this time [default: 4s]");
    private readonly Option<string> stallEvery = Text("--stall-every", "TIME", "A random worker stands still, on average once in this time");
    private readonly Option<string> stallFor = Text("--stall", "TIME", "How long it stands still [default: 90s]");
    private readonly Option<string> lease = Text("--lease-timeout", "TIME", "A lease without a sign of life is taken back after this time [default: 60s]");
    private readonly Option<string> link = Text("--link", "RATE", "Line to the node of trainer and head that all workers share, as in 1Gbit or 100Mbit; without it all are on one machine");
    private readonly Option<string> latency = Text("--latency", "TIME", "Time that a message needs beside its bytes, as in 1ms [default: 0s]");
    private readonly Option<string> embedding = Text("--embedding", "MxD", "Blocks share a learned label embedding of m x d numbers, as in 10x3072; without it they share nothing that they move");
    private readonly Option<string> snapshot = Text("--snapshot", "SIZE", "Size of a block's state, which goes with each commit, as in 1.1MB [default: 1.1MB]");
    private readonly Option<string> headTime = Text("--head-time", "TIME", "Time of a step of the head [default: 0s]");
    private readonly Option<string> commitTime = Text("--commit-time", "TIME", "Time of a commit and of a grant [default: 0s]");
    private readonly Option<string> meetingTime = Text("--meeting-time", "TIME", "Time in which replicas are brought together, once they have come [default: 0s]");
    private readonly Option<ulong?> seed = new("--seed") { Description = "Seed of all times and accidents [default: 0]", HelpName = "N" };
    private readonly Option<string> calibrate = Text("--calibrate", "RUN", "Take blocks, steps, slots, policies, and time and spread of a step from this run; other options override them");
    private readonly (PolicyEntry Entry, Option<string> Option)[] policies = [.. PolicyTable.All.Select(entry => (entry, PolicyOptions.Create(entry.Name)))];

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])
            [blocks, replicas, workers, slots, steps, stepMs, jitter, slow, killEvery, restart, stallEvery, stallFor, lease, link, latency, embedding, snapshot, headTime, commitTime, meetingTime, seed, calibrate])
        {
            command.Add(option);
        }

        Array.ForEach(policies, policy => command.Add(policy.Option));
        policies.Single(policy => policy.Entry.Name == "blocks").Option.Description += "; several with commas are simulated one after another";
    }

    /// <summary>The runs that are asked for, one for each policy of the blocks, and a line to print first.</summary>
    /// <exception cref="SettingsException">A value is not allowed.</exception>
    /// <exception cref="NoPropException">The run to calibrate with cannot be read.</exception>
    public (IReadOnlyList<(string Policy, SimulationSettings Settings)> Runs, string? Note) Read(ParseResult parsed)
    {
        Calibration? from = parsed.GetValue(calibrate) is { } path ? Calibration.Read(path) : null;
        int count = AtLeast(parsed, workers, 1, from is null ? 4 : from.Slots);
        long target = AtLeast(parsed, steps, 1, (int)(from?.Steps ?? 1_000));
        (double Share, double Factor)? slowness = parsed.GetValue(slow) is { } text ? Slow(text) : null;
        int slowWorkers = (int)Math.Round((slowness?.Share ?? 0) * count);
        return (
            [
                .. Policies(parsed, from, AtLeast(parsed, replicas, 1, from?.Replicas ?? 1) > 1).Select(set => (set.Blocks.Name, new SimulationSettings(set)
                {
                    Blocks = AtLeast(parsed, blocks, 1, from?.Blocks ?? 10),
                    Replicas = AtLeast(parsed, replicas, 1, from?.Replicas ?? 1),
                    Steps = target,
                    StepsPerEpoch = from is not null && target % from.StepsPerEpoch == 0 ? from.StepsPerEpoch : target % 100 == 0 ? 100 : (int)target,
                    Slots = [.. Enumerable.Repeat(AtLeast(parsed, slots, 1, 1), count)],
                    Slowness = [.. Enumerable.Range(0, count).Select(i => i < slowWorkers ? slowness!.Value.Factor : 1)],
                    StepTime = parsed.GetValue(stepMs) is { } ms ? TimeSpan.FromMilliseconds(Positive("--step-ms", ms)) : from?.StepTime ?? TimeSpan.FromMilliseconds(50),
                    Jitter = parsed.GetValue(jitter) switch
                    {
                        null => from?.Jitter ?? 0.1,
                        >= 0 and <= 5 => parsed.GetValue(jitter)!.Value,
                        { } wrong => throw new SettingsException(FormattableString.Invariant($"--jitter {wrong}: must be a number from 0 to 5")),
                    },
                    KillEvery = Time(parsed, killEvery),
                    Restart = Time(parsed, restart) ?? TimeSpan.FromSeconds(4),
                    StallEvery = Time(parsed, stallEvery),
                    StallFor = Time(parsed, stallFor) ?? TimeSpan.FromSeconds(90),
                    LeaseTimeout = Time(parsed, lease) ?? TimeSpan.FromSeconds(60),
                    Link = parsed.GetValue(link) is { } rate ? Quantity("--link", rate, "bit", "1Gbit") : null,
                    Latency = Time(parsed, latency) ?? TimeSpan.Zero,
                    SharedValues = parsed.GetValue(embedding) is { } size ? Values(size) : 0,
                    SnapshotBytes = (long)(parsed.GetValue(snapshot) is { } state ? Quantity("--snapshot", state, "B", "1.1MB") : 1_100_000),
                    HeadTime = Time(parsed, headTime) ?? TimeSpan.Zero,
                    CommitTime = Time(parsed, commitTime) ?? TimeSpan.Zero,
                    MeetingTime = Time(parsed, meetingTime) ?? TimeSpan.Zero,
                    Seed = parsed.GetValue(seed) ?? 0,
                })),
            ],
            from?.Note(parsed.GetValue(calibrate)!));
    }

    private IEnumerable<PolicySet> Policies(ParseResult parsed, Calibration? from, bool replicated)
    {
        PolicySettings basis = from?.Policies ?? new PolicySettings();
        ImmutableDictionary<string, string> given = policies
            .Where(policy => parsed.GetValue(policy.Option) is not null)
            .ToImmutableDictionary(policy => policy.Entry.Name, policy => parsed.GetValue(policy.Option)!);
        foreach (string name in given.GetValueOrDefault("blocks", basis.Blocks).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            PolicySet set;
            try
            {
                set = PolicyCatalog.BuiltIn.Parse(PolicyTable.Change(basis, given.SetItem("blocks", name)));
            }
            catch (NoPropException e)
            {
                throw new SettingsException(e.Message);
            }

            yield return replicated && set.FaultWithReplicas is { } fault ? throw new SettingsException(fault) : set;
        }
    }

    private static Option<int?> Number(string name, string description) => new(name) { Description = description, HelpName = "N" };

    private static Option<string> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };

    private static int AtLeast(ParseResult parsed, Option<int?> option, int least, int standard) => parsed.GetValue(option) switch
    {
        null => standard,
        { } value when value >= least && value <= 1_000_000 => value,
        { } value => throw new SettingsException($"{option.Name} {value}: must be a whole number from {least} to 1000000"),
    };

    private static double Positive(string name, double value) =>
        value is > 0 and <= 86_400_000 ? value : throw new SettingsException(FormattableString.Invariant($"{name} {value}: must be above 0 and at most 86400000"));

    private static TimeSpan? Time(ParseResult parsed, Option<string> option) => parsed.GetValue(option) is not { } text
        ? null
        : SettingsDuration.TryParse(text, out TimeSpan time)
            ? time
            : throw new SettingsException($"{option.Name} {text}: must be a duration, as in 500ms, 30s or 5m");

    private static (double Share, double Factor) Slow(string text) => SlowPattern().Match(text) is { Success: true } match
        && double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is <= 100 and var share
        && double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) is >= 1 and <= 10_000 and var factor
            ? (share / 100, factor)
            : throw new SettingsException($"--slow {text}: must be a share of the workers and how many times as long they need, as in 5%:4x");

    private static double Quantity(string name, string text, string unit, string example) => QuantityPattern().Match(text) is { Success: true } match
        && match.Groups[3].Value == unit
        && double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is > 0 and var number
            ? number * match.Groups[2].Value switch { "k" => 1e3, "M" => 1e6, "G" => 1e9, _ => 1 }
            : throw new SettingsException($"{name} {text}: must be a number with a unit, as in {example}");

    private static long Values(string text) => SizePattern().Match(text) is { Success: true } match
        ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)
        : throw new SettingsException($"--embedding {text}: must be classes x numbers of a class, as in 10x3072");

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)%:([0-9]+(?:\.[0-9]+)?)x\z")]
    private static partial Regex SlowPattern();

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?) ?([kMG]?)(bit|B)\z")]
    private static partial Regex QuantityPattern();

    [GeneratedRegex(@"^([0-9]{1,6})x([0-9]{1,6})\z")]
    private static partial Regex SizePattern();
}
