using System.CommandLine;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Models;

namespace NoProp.Host.Commands;

/// <summary>Flags that stand for settings, with <c>--config</c> and <c>--set</c>.</summary>
internal sealed class SettingsOptions
{
    private readonly List<(Option<string> Option, string Path)> flags = [];

    private readonly Option<string> config = new("--config")
    {
        Description = "A HOCON file with settings, or the name of a preset, as in --config mnist-dt; it overrides the defaults, --set and the flags override it",
        HelpName = "FILE",
    };

    private readonly Option<string[]> set = new("--set")
    {
        Description = "One setting by its full path, as in --set noprop.optimizer.weight-decay=0.01; may be repeated. `noprop train --help-settings` lists them",
        HelpName = "PATH=VALUE",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds a flag for a setting. Its value is checked by the settings, so that every way to set it gives the same error.</summary>
    public SettingsOptions Add(string name, string path, string helpName, string description)
    {
        string standard = SettingsDescription.All.Single(setting => setting.Path == path).Default.Trim('"');
        flags.Add((new Option<string>(name) { HelpName = helpName, Description = standard.Length == 0 ? description : $"{description} [default: {standard}]" }, path));
        return this;
    }

    /// <summary>Puts all options on a command.</summary>
    public void AddTo(Command command)
    {
        foreach ((Option<string> option, _) in flags)
        {
            command.Add(option);
        }

        command.Add(config);
        command.Add(set);
    }

    /// <summary>The settings that a command line gives.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="basis">The file of settings to begin with, where <c>--config</c> names none.</param>
    /// <exception cref="SettingsException">A key is not known or a value is not allowed.</exception>
    /// <exception cref="NoPropException">The file cannot be read.</exception>
    public LoadedSettings Load(ParseResult parsed, SettingsFile? basis = null)
    {
        SettingsFile? file = parsed.GetValue(config) is { } path ? Read(Presets.Find(path) ?? path) : basis;
        List<SettingsFlag> given = [.. flags
            .Select(flag => (flag.Path, Value: parsed.GetValue(flag.Option), flag.Option.Name))
            .Where(flag => flag.Value is not null)
            .Select(flag => new SettingsFlag(flag.Path, flag.Value!, flag.Name))];
        return SettingsLoader.Load(file, parsed.GetValue(set), given, PolicyFault);
    }

    /// <summary>What <c>--set</c> and the flags say, as PATH=VALUE.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="of">Which paths.</param>
    public IEnumerable<string> Changes(ParseResult parsed, Func<string, bool> of) =>
    [
        .. parsed.GetValue(set)!.Where(of),
        .. flags.Where(flag => of(flag.Path) && parsed.GetValue(flag.Option) is not null).Select(flag => $"{flag.Path}={parsed.GetValue(flag.Option)}"),
    ];

    /// <summary>A settings file.</summary>
    /// <exception cref="NoPropException">It cannot be read.</exception>
    public static SettingsFile Read(string path)
    {
        try
        {
            return new SettingsFile(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the settings in {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What is wrong with policies, or null.</summary>
    public static string? PolicyFault(PolicySettings policies)
    {
        try
        {
            PolicyCatalog.BuiltIn.Parse(policies);
            return null;
        }
        catch (NoPropException e)
        {
            return e.Message;
        }
    }
}
