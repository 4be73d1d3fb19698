using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration.Hocon;
using NoProp.Actors.Hosting;

namespace NoProp.Actors.Faults;

/// <summary>Reads a file of faults: HOCON, strict. What is not wholly understood is refused with the path of what is wrong.</summary>
public sealed partial class FaultFile
{
    private static readonly TimeSpan DefaultLength = TimeSpan.FromSeconds(5);

    // What each fault takes beside its own word and its time.
    private static readonly Dictionary<string, (FaultKind Kind, string[] Details)> Words = new(StringComparer.Ordinal)
    {
        ["kill"] = (FaultKind.Kill, ["restart"]),
        ["stop"] = (FaultKind.Stop, ["for"]),
        ["leave"] = (FaultKind.Leave, []),
        ["join"] = (FaultKind.Join, []),
        ["slow"] = (FaultKind.Slow, ["for", "factor"]),
        ["partition"] = (FaultKind.Partition, ["for"]),
        ["head"] = (FaultKind.Head, []),
        ["disk"] = (FaultKind.Disk, ["for"]),
        ["corrupt"] = (FaultKind.Corrupt, []),
    };

    private static readonly string[] Times = ["at", "every", "times"];

    private readonly string name;
    private readonly HashSet<string> workers = new(StringComparer.Ordinal);
    private int trainers;

    private FaultFile(string name) => this.name = name;

    /// <summary>Reads it.</summary>
    /// <exception cref="SettingsException">Something in it is not allowed; the message says where and what is.</exception>
    public static FaultPlan Parse(SettingsFile file) => new FaultFile(file.Name).Read(file.Text);

    /// <summary>A fault's word in files.</summary>
    public static string Word(FaultKind kind) => Words.Single(word => word.Value.Kind == kind).Key;

    private FaultPlan Read(string text)
    {
        HoconObject root = SettingsSyntax.Parse(text, name);
        // Akka takes two groups in a row for one, and the first would be gone without a word.
        int line = Array.FindIndex(text.Split('\n'), candidate => TwoInARow().IsMatch(candidate)) + 1;
        if (line > 0)
        {
            throw new SettingsException($"{name}, line {line}: put a comma or a new line between two faults");
        }

        Refuse(root, "", ["seed", "nodes", "faults"]);
        HoconObject? nodes = root.Items.TryGetValue("nodes", out HoconValue? group) ? group.GetObject() ?? throw Fault("nodes", "", "must be { trainers = N, workers = N, slots = N }, with sleep = TIME if wanted") : null;
        Refuse(nodes, "nodes.", ["trainers", "workers", "slots", "sleep"]);
        ulong seed = 1;
        if (Text(root, "seed") is { } given && !ulong.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out seed))
        {
            throw Fault("seed", given, $"must be a whole number from 0 to {ulong.MaxValue}");
        }

        trainers = Count(nodes, "nodes.", "trainers", otherwise: 1, most: 9);
        int count = Count(nodes, "nodes.", "workers", otherwise: 2, most: 64);
        int slots = Count(nodes, "nodes.", "slots", otherwise: 1, most: 256);
        workers.UnionWith(Enumerable.Range(1, count).Select(FaultPlan.WorkerName));
        HoconObject[] faults = Faults(root);
        workers.UnionWith(faults.Select(fault => Text(fault, "join")).OfType<string>().Where(joined => WorkerPattern().IsMatch(joined)));
        return new(seed, trainers, count, slots, nodes is null ? null : Length(nodes, "nodes.", "sleep"), [.. faults.Select((fault, i) => One(fault, $"faults[{i}].", i + 1))]);
    }

    private HoconObject[] Faults(HoconObject root)
    {
        if (!root.Items.TryGetValue("faults", out HoconValue? list) || SettingsSyntax.Raw(list) is { Items.Count: 0 })
        {
            return [];
        }

        if (!list.IsArray())
        {
            throw Fault("faults", "", "must be a list, as in [ { at = 100, kill = worker-1 } ]");
        }

        HoconValue[] items = [.. list.GetArray().Where(item => item.Values.Count > 0)];
        return [.. items.Select((item, i) => item.GetObject() ?? throw Fault($"faults[{i}]", item.ToString(), "must be a group, as in { at = 100, kill = worker-1 }"))];
    }

    private Fault One(HoconObject fault, string path, int number)
    {
        string[] kinds = [.. fault.Items.Keys.Where(Words.ContainsKey)];
        if (kinds is not [string word])
        {
            throw new SettingsException($"{name}: {path[..^1]} must say one of {string.Join(", ", Words.Keys)}; it says {(kinds.Length == 0 ? "none" : string.Join(" and ", kinds))}");
        }

        (FaultKind kind, string[] details) = Words[word];
        Refuse(fault, path, [word, .. Times, .. details]);
        return new(
            number, kind, Time(fault, path), Targets(fault, path, word, kind),
            details.Contains("for") ? Length(fault, path, "for") ?? DefaultLength : null,
            details.Contains("factor") ? Factor(fault, path) : 1,
            kind != FaultKind.Kill || Text(fault, "restart") == "never" ? null : Length(fault, path, "restart", orNever: true) ?? TimeSpan.Zero);
    }

    private FaultTime Time(HoconObject fault, string path)
    {
        bool repeats = fault.Items.ContainsKey("every");
        if (repeats == fault.Items.ContainsKey("at"))
        {
            throw new SettingsException($"{name}: {path[..^1]} must have either at (once) or every (again and again)");
        }

        string key = repeats ? "every" : "at";
        if (repeats != fault.Items.ContainsKey("times"))
        {
            throw new SettingsException($"{name}: {path[..^1]} must have times = N with every, and with nothing else");
        }

        int rounds = Count(fault, path, "times", otherwise: 1, most: 10_000);
        string text = Text(fault, key) ?? "";
        (string digits, FaultUnit unit) = text.EndsWith('%') ? (text[..^1], FaultUnit.Percent)
            : text.EndsWith(" cold-starts", StringComparison.Ordinal) && repeats ? (text[..^" cold-starts".Length], FaultUnit.ColdStarts)
            : (text, FaultUnit.Steps);
        bool whole = unit == FaultUnit.Steps;
        if (!double.TryParse(digits.Trim(), whole ? NumberStyles.None : NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double amount)
            || amount > (unit == FaultUnit.Percent ? 100 : 1e15) || (repeats && amount <= 0))
        {
            throw Fault(path + key, text, $"must be committed block steps, as in 900, or a share of them, as in 25%{(repeats ? ", or so many cold starts, as in \"15 cold-starts\"" : "")}");
        }

        return new(unit, amount, rounds);
    }

    private ImmutableArray<string> Targets(HoconObject fault, string path, string word, FaultKind kind)
    {
        RawValue raw = SettingsSyntax.Raw(fault.Items[word]);
        switch (kind)
        {
            case FaultKind.Head:
                return Only("fail");
            case FaultKind.Disk:
                return Only("full");
            case FaultKind.Corrupt:
                return Only("newest");
            case FaultKind.Join:
                return raw.Text is { } joined && WorkerPattern().IsMatch(joined) ? [joined] : throw Fault(path + word, raw.Shown, "must be a worker's name, as in worker-3");
            case FaultKind.Partition:
                string[] listed = [.. (raw.Items ?? [raw.Text]).Select(item => item ?? "")];
                return listed.Length > 0 && Array.TrueForAll(listed, workers.Contains) && listed.Distinct().Count() == listed.Length
                    ? [.. listed]
                    : throw Fault(path + word, raw.Shown, $"must be a list of workers, of {Names(workers)}");
        }

        string[] nodes = [FaultPlan.AnyWorker, FaultPlan.Trainer, .. Enumerable.Range(1, trainers).Select(FaultPlan.TrainerName), .. workers.Order(StringComparer.Ordinal)];
        return raw.Text is { } node && nodes.Contains(node) ? [node] : throw Fault(path + word, raw.Shown, $"must be one of {Names(nodes)}");

        ImmutableArray<string> Only(string value) => raw.Text == value ? [] : throw Fault(path + word, raw.Shown, $"must be {value}");
    }

    private TimeSpan? Length(HoconObject fault, string path, string key, bool orNever = false)
    {
        if (Text(fault, key) is not { } text)
        {
            return null;
        }

        return SettingsDuration.TryParse(text, out TimeSpan length) && (orNever ? length >= TimeSpan.Zero : length > TimeSpan.Zero) && length <= TimeSpan.FromDays(1)
            ? length
            : throw Fault(path + key, text, $"must be a time, as in 500ms, 10s or 2m{(orNever ? ", or never" : "")}");
    }

    private double Factor(HoconObject fault, string path) =>
        Text(fault, "factor") is not { } text ? 4
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double factor) && factor is > 1 and <= 100 ? factor
        : throw Fault(path + "factor", text, "must be above 1 and at most 100");

    private int Count(HoconObject? group, string path, string key, int otherwise, int most) =>
        group is null || Text(group, key) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1 && count <= most ? count
        : throw Fault(path + key, text, $"must be a whole number from 1 to {most}");

    private void Refuse(HoconObject? group, string path, string[] known)
    {
        if (group?.Items.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new SettingsException($"{name}: {path}{unknown} is not known here; there are {string.Join(", ", known)}");
        }
    }

    private static string? Text(HoconObject group, string key) => group.Items.TryGetValue(key, out HoconValue? value) ? SettingsSyntax.Raw(value).Text ?? "" : null;

    private SettingsException Fault(string path, string shown, string must) => new($"{name}: {path}{(shown.Length > 0 ? $" = {shown}" : "")}: {must}");

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);

    [GeneratedRegex(@"^worker-[1-9]\d{0,3}\z")]
    private static partial Regex WorkerPattern();

    [GeneratedRegex("""^[^"#]*\}[ \t]*\{""")]
    private static partial Regex TwoInARow();
}
