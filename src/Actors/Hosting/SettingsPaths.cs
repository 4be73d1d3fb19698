using NoProp.Models;

namespace NoProp.Actors.Hosting;

/// <summary>Which paths are settings, and which setting a mistyped path was meant to be.</summary>
internal static class SettingsPaths
{
    private static readonly string[] OwnedByAkka = ["akka", "noprop.dispatchers"];

    private static readonly Dictionary<string, Setting> Known = SettingsTable.All.ToDictionary(setting => setting.Path);

    /// <summary>The setting at a path, or null.</summary>
    public static Setting? Find(string path) => Known.GetValueOrDefault(path);

    /// <summary>Whether Akka reads what stands there: passed on unchecked.</summary>
    public static bool IsAkka(string path) =>
        OwnedByAkka.Any(root => path == root || path.StartsWith(root + ".", StringComparison.Ordinal));

    /// <summary>Whether settings, or what Akka reads, stand below this path.</summary>
    public static bool IsSection(string path) =>
        Known.Keys.Concat(OwnedByAkka).Any(known => known.StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>What is wrong with a path that is no setting.</summary>
    public static SettingsException Unknown(string path, string origin)
    {
        if (IsSection(path))
        {
            string inside = string.Join(", ", Known.Keys.Where(known => known.StartsWith(path + ".", StringComparison.Ordinal)).Take(3));
            return new($"'{path}' ({origin}) is a group of settings, not one: set {inside} ...");
        }

        string oneLine = string.Join(' ', path.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        string section = oneLine;
        while (section.Length > 0 && !IsSection(section))
        {
            section = section[..Math.Max(0, section.LastIndexOf('.'))];
        }

        string word = section.Length == 0 ? oneLine : oneLine[(section.Length + 1)..];
        string leaf = "." + word[(word.LastIndexOf('.') + 1)..];
        string? meant = Near(section, word)
            ?? Near("noprop", word)
            ?? Known.Keys.FirstOrDefault(known => known.EndsWith(leaf, StringComparison.Ordinal));
        return new($"unknown setting '{oneLine}' ({origin}){(meant is null ? "" : $": did you mean '{meant}'?")}");
    }

    // Compares what stands below a group that is right: its name would outweigh a short word that is wrong.
    private static string? Near(string section, string word)
    {
        string prefix = section.Length == 0 ? "" : section + ".";
        IEnumerable<string> groups = Known.Keys.Select(known => known[..known.LastIndexOf('.')]).Distinct();
        IEnumerable<string> below = Known.Keys.Concat(OwnedByAkka).Concat(groups).Where(known => known.StartsWith(prefix, StringComparison.Ordinal));
        return Nearest.Of(word, below.Select(known => known[prefix.Length..])) is { } near ? prefix + near : null;
    }
}
