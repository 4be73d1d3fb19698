using System.CommandLine;
using System.CommandLine.Parsing;
using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace NoProp.Host.Tests.Deploy;

/// <summary>The files below <c>deploy</c>.</summary>
internal static class DeployFiles
{
    /// <summary>A node has that long to hand over, and that long again to leave, before it ends by itself.</summary>
    public static TimeSpan TimeToLeave { get; } = 2 * SettingsLoader.Load().Settings.Cluster.Times.LeaveTimeout;

    // Flags of `noprop node` that stand for settings.
    private static readonly (string Flag, string Path)[] Flags =
    [
        ("--role", "noprop.cluster.roles"), ("--host", "noprop.cluster.host"), ("--public-host", "noprop.cluster.public-host"),
        ("--port", "noprop.cluster.port"), ("--join", "noprop.cluster.join"), ("--slots", "noprop.slots"),
    ];

    public static string At(params string[] path) => Path.Combine([ReadmeTests.Repository(), "deploy", .. path]);

    public static string Read(params string[] path) => File.ReadAllText(At(path));

    /// <summary>All files but pictures and the like, of which there are none.</summary>
    public static IEnumerable<string> All() => Directory.EnumerateFiles(At(), "*", SearchOption.AllDirectories)
        .Where(file => !file.StartsWith(At("certificates") + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    /// <summary>The documents of a YAML file, with <c>&lt;&lt;</c> resolved.</summary>
    public static List<Yaml> Documents(string text)
    {
        IDeserializer deserializer = new DeserializerBuilder().WithDuplicateKeyChecking().Build();
        MergingParser parser = new(new Parser(new StringReader(text)));
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();
        List<Yaml> documents = [];
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
        {
            documents.Add(new(deserializer.Deserialize<object?>(parser)));
        }

        return documents;
    }

    /// <summary>A command line of the real command, without errors.</summary>
    public static ParseResult Parse(IEnumerable<string> arguments)
    {
        ParseResult parsed = CommandLine.Root().Parse([.. arguments]);
        Xunit.Assert.Empty(parsed.Errors.Select(error => $"{string.Join(' ', arguments)}: {error.Message}"));
        return parsed;
    }

    /// <summary>The settings that a call of <c>noprop node</c> has with a file of settings.</summary>
    public static NoPropSettings Settings(IEnumerable<string> arguments, SettingsFile file)
    {
        ParseResult parsed = Parse(arguments);
        IEnumerable<SettingsFlag> flags =
            from flag in Flags
            let value = parsed.GetValue<string>(flag.Flag)
            where value is not null
            select new SettingsFlag(flag.Path, value, flag.Flag);
        return SettingsLoader.Load(file, parsed.GetValue<string[]>("--set"), [.. flags]).Settings;
    }

    public static string[] Split(string line) => [.. CommandLineParser.SplitCommandLine(line)];
}

/// <summary>A value of YAML.</summary>
internal readonly record struct Yaml(object? Value)
{
    /// <summary>What stands under a key, which must be there.</summary>
    public Yaml this[string key] => Find(key) ?? throw new KeyNotFoundException($"no key {key}");

    public string Text => Value as string ?? throw new InvalidOperationException("no text");

    public IEnumerable<Yaml> Items => ((List<object?>)Value!).Select(item => new Yaml(item));

    public IEnumerable<string> Texts => Items.Select(item => item.Text);

    public IEnumerable<(string Key, Yaml Value)> Pairs => ((Dictionary<object, object?>)Value!).Select(pair => ((string)pair.Key, new Yaml(pair.Value)));

    public Yaml? Find(string key) => Value is Dictionary<object, object?> map && map.TryGetValue(key, out object? value) ? new(value) : null;
}
