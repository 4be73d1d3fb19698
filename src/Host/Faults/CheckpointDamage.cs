namespace NoProp.Host.Faults;

/// <summary>Changes a byte of a checkpoint on disk.</summary>
internal static class CheckpointDamage
{
    /// <summary>The file of the newest checkpoint of a run with the most bytes; null where there is none.</summary>
    /// <param name="run">The run's folder.</param>
    public static string? Newest(string run)
    {
        DirectoryInfo checkpoints = new(Path.Combine(run, "checkpoints"));
        DirectoryInfo? newest = checkpoints.Exists
            ? checkpoints.GetDirectories().Where(folder => folder.Name.All(char.IsAsciiDigit)).OrderByDescending(folder => folder.Name, StringComparer.Ordinal).FirstOrDefault()
            : null;
        return newest?.GetFiles("*.safetensors").OrderByDescending(file => file.Length).ThenBy(file => file.Name, StringComparer.Ordinal).FirstOrDefault()?.FullName;
    }

    /// <summary>Turns the bits of the byte in its middle.</summary>
    /// <returns>The file, relative to the run's folder.</returns>
    public static string Do(string run)
    {
        string path = Newest(run) ?? throw new IOException("there is no checkpoint");
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        int value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)~value);
        return Path.GetRelativePath(run, path);
    }
}
