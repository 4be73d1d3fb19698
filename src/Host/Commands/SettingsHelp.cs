using NoProp.Actors.Hosting;
using Spectre.Console;

namespace NoProp.Host.Commands;

/// <summary>Every setting for <c>--help-settings</c>.</summary>
internal static class SettingsHelp
{
    public static void Write(IAnsiConsole console)
    {
        foreach (SettingsDescription setting in SettingsDescription.All)
        {
            console.MarkupLineInterpolated($"[bold]{setting.Path}[/] = {setting.Default}");
            console.Write(new Padder(new Text($"{setting.Meaning} Allowed: {setting.Allowed}."), new Padding(4, 0, 0, 1)));
        }
    }
}
