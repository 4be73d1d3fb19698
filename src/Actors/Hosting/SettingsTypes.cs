using System.Globalization;
using System.Text.RegularExpressions;
using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Native;

namespace NoProp.Actors.Hosting;

/// <summary>Reads a value, or returns false where it is not an allowed one.</summary>
internal delegate bool TryRead<T>(RawValue raw, out T value);

/// <summary>What values a setting takes.</summary>
/// <param name="Allowed">The allowed values in words, to follow "must be".</param>
/// <param name="TryRead">Reads a value.</param>
/// <param name="Write">The value as HOCON.</param>
internal sealed record SettingsType<T>(string Allowed, TryRead<T> TryRead, Func<T, string> Write);

/// <summary>The kinds of value. All of them are strict: what is not wholly understood is refused.</summary>
internal static partial class SettingsTypes
{
    private const string Auto = "auto";

    private static readonly (string Unit, double Milliseconds)[] Units = [("ms", 1), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];

    private static readonly Dictionary<string, Augmentation> Augmentations =
        new() { ["flip"] = NoProp.Models.Data.Augmentation.Flip, ["crop"] = NoProp.Models.Data.Augmentation.Crop };

    public static SettingsType<ulong> Seed { get; } = new(
        $"a whole number from 0 to {ulong.MaxValue}",
        (raw, out value) => ulong.TryParse(raw.Text, NumberStyles.None, CultureInfo.InvariantCulture, out value),
        value => value.ToString(CultureInfo.InvariantCulture));

    public static SettingsType<bool> Switch { get; } = new(
        "on or off",
        (raw, out value) => (value = raw.Text is "on" or "true" or "yes") || raw.Text is "off" or "false" or "no",
        value => value ? "on" : "off");

    public static SettingsType<string?> Folder { get; } = new(
        "a folder, or \"\" for the usual one",
        (raw, out value) =>
        {
            value = string.IsNullOrEmpty(raw.Text) ? null : raw.Text;
            return raw.Text is not null && !raw.Text.Any(char.IsControl);
        },
        value => SettingsSyntax.Quote(value ?? ""));

    public static SettingsType<string> DataName { get; } = Text("the name of a data set, or folder:PATH", NamePattern());

    public static SettingsType<ImageSize> ImageSize { get; } = new(
        $"a size in pixels from 1 to {NoProp.Models.Data.ImageSize.Largest}, N or HEIGHTxWIDTH",
        (raw, out value) => NoProp.Models.Data.ImageSize.TryParse(raw.Text, out value),
        value => value.ToString());

    public static SettingsType<Augmentation> Augmentation { get; } = new(
        $"none or any of {string.Join(" and ", Augmentations.Keys)}, as in [{string.Join(", ", Augmentations.Keys)}]",
        (raw, out value) =>
        {
            value = default;
            foreach (string? entry in raw.Text == "none" ? [] : raw.Entries)
            {
                if (!Augmentations.TryGetValue(entry ?? "", out Augmentation one))
                {
                    return false;
                }

                value |= one;
            }

            return raw.Text == "none" || value != default;
        },
        value => value == default ? "none" : $"[{string.Join(", ", Augmentations.Where(word => value.HasFlag(word.Value)).Select(word => word.Key))}]");

    public static SettingsType<string> Policy { get; } = Text("a policy, NAME or NAME:ARGUMENT in double quotes", PolicyPattern());

    public static SettingsType<string?> FileOrNone { get; } = PathOrNone("a file, or \"\" for none");

    public static SettingsType<string?> FolderOrNone { get; } = PathOrNone("a folder, or \"\" for none");

    public static SettingsType<IReadOnlyList<string>> Files { get; } = new(
        "a list of files, as in [\"first.pem\", \"second.pem\"]",
        (raw, out value) =>
        {
            value = Unquoted(raw);
            return raw is not { Text: null, Items: null } && !value.Any(path => string.IsNullOrWhiteSpace(path) || path.Any(char.IsControl));
        },
        value => $"[{string.Join(", ", value.Select(SettingsSyntax.Quote))}]");

    public static SettingsType<string> ClusterName { get; } = new(
        "letters, digits, - and _, a letter or digit first",
        (raw, out value) => ClusterNamePattern().IsMatch(value = raw.Text ?? ""),
        SettingsSyntax.Quote);

    public static SettingsType<string> HostName { get; } = new(
        "the name or the address of a machine in double quotes",
        (raw, out value) => IsHost(value = raw.Text ?? ""),
        SettingsSyntax.Quote);

    public static SettingsType<string?> HostOrNone { get; } = new(
        "the name or the address of a machine in double quotes, or \"\"",
        (raw, out value) =>
        {
            value = string.IsNullOrEmpty(raw.Text) ? null : raw.Text;
            return raw.Text is not null && (value is null || IsHost(value));
        },
        value => SettingsSyntax.Quote(value ?? ""));

    public static SettingsType<IReadOnlyList<NodeAddress>> NodeAddresses { get; } = new(
        "a list of HOST:PORT, as in [\"node1:4053\", \"node2:4053\"]",
        (raw, out value) =>
        {
            IReadOnlyList<string> texts = Unquoted(raw);
            value = [.. texts.Select(text => NodeAddress.TryParse(text, out NodeAddress address) ? address : default)];
            return raw is not { Text: null, Items: null } && !value.Contains(default);
        },
        value => $"[{string.Join(", ", value.Select(address => SettingsSyntax.Quote(address.ToString())))}]");

    public static SettingsType<NodeAddress> Address { get; } = new(
        "HOST:PORT in double quotes",
        (raw, out value) =>
        {
            // Port 0 is any that is free, which is no address to others.
            bool free = raw.Text is { } text && text.EndsWith(":0", StringComparison.Ordinal);
            bool read = NodeAddress.TryParse(free ? raw.Text![..^1] + "1" : raw.Text, out NodeAddress given);
            value = free ? given with { Port = 0 } : given;
            return read;
        },
        value => SettingsSyntax.Quote(value.ToString()));

    public static SettingsType<IReadOnlyList<NodeRole>> NodeRoles { get; } = new(
        "one or more of trainer, worker, gateway and voter, as in [trainer, worker]",
        (raw, out value) =>
        {
            IReadOnlyList<string> words = Unquoted(raw);
            value = [.. Enum.GetValues<NodeRole>().Where(role => words.Contains(WordOf(role)))];
            return words.Count > 0 && value.Count == words.Count;
        },
        value => $"[{string.Join(", ", value.Select(WordOf))}]");

    public static SettingsType<IReadOnlyList<ComputeDevice>> Devices { get; } = new(
        "one or more of cpu and cuda, each once and if need be with an index, as in [cpu] or [\"cuda:0\", \"cuda:1\"]",
        (raw, out value) =>
        {
            IReadOnlyList<string> names = Unquoted(raw);
            HashSet<ComputeDevice> read = [.. names.Where(name => ComputeDevice.TryParse(name, out _)).Select(Parse)];
            value = [.. read];
            return names.Count > 0 && read.Count == names.Count;

            static ComputeDevice Parse(string name) => ComputeDevice.TryParse(name, out ComputeDevice device) ? device : default;
        },
        value => $"[{string.Join(", ", value.Select(device => SettingsSyntax.Quote(device.ToString())))}]");

    public static SettingsType<PolicyAssemblies> Assemblies { get; } = new(
        "a list of files, as in [\"policies/My.Policies.dll\"]",
        (raw, out value) =>
        {
            IReadOnlyList<string> paths = Unquoted(raw);
            value = new([.. paths]);
            return raw is not { Text: null, Items: null } && !paths.Any(path => string.IsNullOrWhiteSpace(path) || path.Any(char.IsControl));
        },
        value => $"[{string.Join(", ", value.Paths.Select(SettingsSyntax.Quote))}]");

    public static SettingsType<EmbeddingSettings> Embedding { get; } = new(
        "one-hot, learned, learned:D with a size D, or prototype",
        (raw, out value) =>
        {
            bool read = EmbeddingSettings.TryParse(raw.Text ?? "", out EmbeddingSettings? settings);
            value = settings!;
            return read;
        },
        value => SettingsSyntax.Quote(value.Name));

    private static SettingsType<string?> PathOrNone(string allowed) => new(
        allowed,
        (raw, out value) =>
        {
            value = string.IsNullOrEmpty(raw.Text) ? null : raw.Text;
            return raw.Text is not null && !raw.Text.Any(char.IsControl);
        },
        value => SettingsSyntax.Quote(value ?? ""));

    public static SettingsType<int> Whole(int from, int to) => new(
        $"a whole number from {from} to {to}",
        (raw, out value) => TryWhole(raw.Text, from, to, out value),
        value => value.ToString(CultureInfo.InvariantCulture));

    public static SettingsType<double> Real(double from, double to, bool above = false, bool below = false) => new(
        "a number " + FormattableString.Invariant((above, below) switch
        {
            (false, false) => $"from {from} to {to}",
            (false, true) => $"from {from} to below {to}",
            (true, false) => $"above {from} and at most {to}",
            (true, true) => $"above {from} and below {to}",
        }),
        (raw, out value) =>
            double.TryParse(raw.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && (above ? value > from : value >= from)
            && (below ? value < to : value <= to),
        value => value.ToString("R", CultureInfo.InvariantCulture));

    public static SettingsType<TimeSpan> Duration(TimeSpan from, TimeSpan to) => new(
        $"a duration from {Show(from)} to {Show(to)}, as in 500ms, 30s or 5m",
        (raw, out value) => TryDuration(raw.Text, out value) && value >= from && value <= to,
        Show);

    public static SettingsType<TEnum> Word<TEnum>()
        where TEnum : struct, Enum
    {
        Dictionary<string, TEnum> words = Enum.GetValues<TEnum>().ToDictionary(value => WordBoundary().Replace(value.ToString(), "-").ToLowerInvariant());
        return new(
            string.Join(" or ", words.Keys),
            (raw, out value) => words.TryGetValue(raw.Text ?? "", out value),
            value => words.Single(word => word.Value.Equals(value)).Key);
    }

    public static SettingsType<T?> OrAuto<T>(SettingsType<T> type)
        where T : struct => new(
            $"{Auto} or {type.Allowed}",
            (raw, out value) =>
            {
                bool read = type.TryRead(raw, out T given);
                value = read ? given : null;
                return read || raw.Text == Auto;
            },
            value => value is { } given ? type.Write(given) : Auto);

    public static SettingsType<IReadOnlyList<int>?> WholesOrAuto(int fewest, int most, int from, int to) => new(
        $"{Auto} or {fewest} to {most} whole numbers from {from} to {to}, as in [32, 64]",
        (raw, out value) =>
        {
            value = null;
            int[] numbers = [.. raw.Entries.Select(entry => TryWhole(entry, from, to, out int number) ? number : from - 1)];
            if (raw.Text != Auto && (numbers.Length < fewest || numbers.Length > most || numbers.Contains(from - 1)))
            {
                return false;
            }

            value = raw.Text == Auto ? null : numbers;
            return true;
        },
        value => value is null ? Auto : $"[{string.Join(", ", value)}]");

    private static SettingsType<string> Text(string allowed, Regex pattern) => new(
        allowed,
        (raw, out value) => pattern.IsMatch(value = raw.Text ?? ""),
        SettingsSyntax.Quote);

    private static IReadOnlyList<string> Unquoted(RawValue raw) =>
        raw.Text is "[]" or "" ? [] : [.. raw.Entries.Select(entry => entry is ['"', .. string inner, '"'] ? inner : entry ?? "")];

    private static bool IsHost(string text) => Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;

    private static string WordOf(NodeRole role) => role.ToString().ToLowerInvariant();

    private static bool TryWhole(string? text, int from, int to, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= from && value <= to;

    public static bool TryDuration(string? text, out TimeSpan value)
    {
        value = default;
        Match match = DurationPattern().Match(text ?? "");
        if (!match.Success)
        {
            return false;
        }

        double milliseconds = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            * Units.Single(unit => unit.Unit == match.Groups[2].Value).Milliseconds;
        if (milliseconds > TimeSpan.FromDays(1000).TotalMilliseconds)
        {
            return false;
        }

        // Whole milliseconds, so that what is written is what was read.
        value = TimeSpan.FromMilliseconds(Math.Round(milliseconds));
        return true;
    }

    private static string Show(TimeSpan value)
    {
        long milliseconds = (long)value.TotalMilliseconds;
        (string unit, double length) = milliseconds == 0 ? ("s", 1) : Units.Last(unit => milliseconds % (long)unit.Milliseconds == 0);
        return FormattableString.Invariant($"{milliseconds / (long)length}{unit}");
    }

    // OneHot is one-hot; AdamW is adamw.
    [GeneratedRegex("(?<=[a-z])(?=[A-Z][a-z])")]
    private static partial Regex WordBoundary();

    [GeneratedRegex(@"^([A-Za-z0-9][A-Za-z0-9._-]*|folder:[^\p{Cc}]+)\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]*\z")]
    private static partial Regex ClusterNamePattern();

    [GeneratedRegex(@"^[a-z][a-z0-9-]*(:\S+)?\z")]
    private static partial Regex PolicyPattern();

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d)\z")]
    private static partial Regex DurationPattern();
}
