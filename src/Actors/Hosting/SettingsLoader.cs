using Akka.Configuration;
using Akka.Configuration.Hocon;
using NoProp.Actors.Policies;

namespace NoProp.Actors.Hosting;

/// <summary>A configuration file.</summary>
/// <param name="Name">What error messages call it, usually its path.</param>
/// <param name="Text">Its HOCON.</param>
public sealed record SettingsFile(string Name, string Text);

/// <summary>A setting that a command-line flag gives.</summary>
/// <param name="Path">Full path, <c>noprop.blocks</c>.</param>
/// <param name="Value">The flag's value, character by character: quotes belong to it.</param>
/// <param name="Flag">What error messages call it, <c>--blocks</c>.</param>
public sealed record SettingsFlag(string Path, string Value, string Flag);

/// <summary>What a run starts with.</summary>
/// <param name="Settings">Every setting, checked.</param>
/// <param name="Config">
/// For the actor system: everything that was given for Akka, then the effective settings under <c>noprop</c>, then local.conf.
/// </param>
public sealed record LoadedSettings(NoPropSettings Settings, Config Config);

/// <summary>Merges and checks settings. Pure: it reads no file and no environment but the number of cores.</summary>
public static class SettingsLoader
{
    private const string Override = "--set";

    /// <summary>Merges the built-in noprop.conf, a file, overrides and flags; later ones win.</summary>
    /// <param name="file">The user's file.</param>
    /// <param name="overrides">
    /// Values of <c>--set</c>, each <c>path=value</c> with a full path. A value in double quotes is read as HOCON, any other one as it
    /// stands.
    /// </param>
    /// <param name="flags">Values of other flags.</param>
    /// <param name="policyFault">Says what is wrong with a policy, or null where it is right. Without it only the form is checked.</param>
    /// <exception cref="SettingsException">A key is unknown, a value is not allowed, or a text cannot be read.</exception>
    public static LoadedSettings Load(
        SettingsFile? file = null,
        IReadOnlyList<string>? overrides = null,
        IReadOnlyList<SettingsFlag>? flags = null,
        Func<PolicySettings, string?>? policyFault = null)
    {
        SettingsBuilder builder = new();
        Read(SettingsHocon.Resource("noprop.conf"), origin: null, builder);
        Config akka = file is null ? ConfigurationFactory.Empty : Read(file, file.Name, builder);
        foreach (string given in overrides ?? [])
        {
            int equals = given.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new SettingsException($"{Override} {given}: must be path=value, as in {Override} noprop.blocks=5");
            }

            (string path, string value) = (given[..equals].Trim(), given[(equals + 1)..].Trim());
            akka = Apply(path, value, SettingsSyntax.Raw(value), Override, builder, akka);
        }

        foreach (SettingsFlag flag in flags ?? [])
        {
            akka = Apply(flag.Path, flag.Value, new RawValue(flag.Value), flag.Flag, builder, akka);
        }

        NoPropSettings settings = builder.Build(policyFault);
        Config effective = ConfigurationFactory.ParseString(SettingsHocon.ToHocon(settings));
        return new(settings, effective.WithFallback(akka).WithFallback(SettingsHocon.AkkaConfig(settings)));
    }

    /// <summary>Reads a file's settings and returns all of it for Akka, which looks at its own keys only.</summary>
    private static Config Read(SettingsFile file, string? origin, SettingsBuilder builder)
    {
        HoconObject root = SettingsSyntax.Parse(file.Text, file.Name);
        Walk(root, "");
        return ConfigurationFactory.ParseString(file.Text.TrimStart('\uFEFF'));

        void Walk(HoconObject group, string prefix)
        {
            foreach ((string key, HoconValue value) in group.Items)
            {
                string path = prefix + key;
                if (SettingsPaths.IsAkka(path))
                {
                    continue;
                }

                if (SettingsPaths.Find(path) is { } setting)
                {
                    builder.Set(setting, SettingsSyntax.Raw(value), origin);
                }
                else if (SettingsPaths.IsSection(path) && value.GetObject() is { } inner)
                {
                    Walk(inner, path + ".");
                }
                else
                {
                    throw SettingsPaths.Unknown(path, file.Name);
                }
            }
        }
    }

    private static Config Apply(string path, string value, RawValue raw, string origin, SettingsBuilder builder, Config akka)
    {
        if (SettingsPaths.IsAkka(path))
        {
            return SettingsSyntax.Assign(path, value) is { } config
                ? config.WithFallback(akka)
                : throw new SettingsException($"{path} ({origin}): is not a path that Akka's configuration can have");
        }

        builder.Set(SettingsPaths.Find(path) ?? throw SettingsPaths.Unknown(path, origin), raw, origin);
        return akka;
    }
}
