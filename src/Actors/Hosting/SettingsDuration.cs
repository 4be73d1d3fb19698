namespace NoProp.Actors.Hosting;

/// <summary>Durations as settings write them: <c>500ms</c>, <c>30s</c>, <c>5m</c>.</summary>
public static class SettingsDuration
{
    /// <summary>Reads one, to whole milliseconds.</summary>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out TimeSpan value) => SettingsTypes.TryDuration(text, out value);
}
