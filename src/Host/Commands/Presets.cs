namespace NoProp.Host.Commands;

/// <summary>The settings files that come with the command: the paper's trainings, one for each data set and method.</summary>
internal static class Presets
{
    /// <summary>The folder they are in.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "hocon", "presets");

    /// <summary>The file of a preset, <c>mnist-dt</c> or <c>mnist-dt.conf</c>; null where there is none, or a file of that name is here.</summary>
    public static string? Find(string name)
    {
        string path = Path.Combine(Folder, Path.ChangeExtension(name, ".conf"));
        return File.Exists(name) || Path.GetFileName(name) != name || !File.Exists(path) ? null : path;
    }
}
