using System.Text;
using Akka.Configuration;

namespace NoProp.Actors.Hosting;

/// <summary>Settings as HOCON: for a run's own record, and for the actor system.</summary>
public static class SettingsHocon
{
    /// <summary>Every effective setting, one a line. Loaded again as a file it gives equal settings.</summary>
    public static string ToHocon(NoPropSettings settings)
    {
        StringBuilder text = new("# The settings of this run.\n");
        foreach (Setting setting in SettingsTable.All)
        {
            text.Append(setting.Path).Append(" = ").Append(setting.Write(settings)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>
    /// The settings that determine the weights and differ, one line each: <c>noprop.blocks: 10 in the run, 5 asked for</c>. Where there are
    /// none, a run made with the one can go on with the other.
    /// </summary>
    /// <param name="run">Settings of the run.</param>
    /// <param name="asked">Settings asked for now.</param>
    public static IReadOnlyList<string> DifferencesThatMatter(NoPropSettings run, NoPropSettings asked) =>
    [
        .. from setting in SettingsTable.All
           where setting.ShapesWeights
           let before = setting.Write(run)
           let now = setting.Write(asked)
           where before != now
           select $"{setting.Path}: {before} in the run, {now} asked for",
    ];

    /// <summary>
    /// local.conf: quiet logs, and the dispatchers <c>noprop.dispatchers.compute</c>, <c>.inference</c> (each with
    /// <see cref="NoPropSettings.SlotCount"/> threads of its own), <c>.recorder</c> and <c>.loader</c> (one thread each).
    /// </summary>
    public static Config AkkaConfig(NoPropSettings settings)
    {
        StringBuilder threads = new();
        foreach (string dispatcher in (string[])["compute", "inference"])
        {
            threads.Append(
                System.Globalization.CultureInfo.InvariantCulture,
                $"noprop.dispatchers.{dispatcher}.thread-count = {settings.SlotCount}\n");
        }

        return ConfigurationFactory.ParseString(threads.ToString())
            .WithFallback(ConfigurationFactory.ParseString(Resource("local.conf").Text));
    }

    /// <summary>A file of the folder hocon, as built into this assembly.</summary>
    internal static SettingsFile Resource(string name)
    {
        using Stream stream = typeof(SettingsHocon).Assembly.GetManifestResourceStream($"hocon/{name}")
            ?? throw new InvalidOperationException($"hocon/{name} is not built in");
        using StreamReader reader = new(stream);
        return new(name, reader.ReadToEnd());
    }
}
