namespace NoProp.Models.Checkpoints;

/// <summary>Turns a failed write into one line that names the path, the cause and the remedy.</summary>
internal static class WriteFailure
{
    // .NET keeps the system's own error number in HResult: errno on Linux and macOS, 0x8007.... on Windows.
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int LinuxQuota = 122;
    private const int MacQuota = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsWriteProtected = unchecked((int)0x80070013);

    /// <summary>Whether the exception comes from the file system and not from a mistake in the program.</summary>
    public static bool IsExpected(Exception cause) => cause is IOException or UnauthorizedAccessException;

    /// <summary>The error for a user: <c>cannot {action} {path}: {cause}; {what to do}</c>.</summary>
    public static NoPropException Of(string action, string path, Exception cause) =>
        new($"cannot {action} {path}: {Explain(path, cause)}", cause);

    private static string Explain(string path, Exception cause) => cause switch
    {
        { HResult: NoSpace or WindowsDiskFull or WindowsHandleDiskFull } => "the disk is full; free some space or choose a folder on another disk",
        { HResult: LinuxQuota } when OperatingSystem.IsLinux() => Quota,
        { HResult: MacQuota } when OperatingSystem.IsMacOS() => Quota,
        { HResult: ReadOnlyFileSystem or WindowsWriteProtected } => "the file system is read-only; choose a folder that can be written",
        _ when FileAmongParents(path) is { } file => $"{file} is a file, not a folder; choose another path",
        DirectoryNotFoundException => "its folder does not exist; create it, or choose another path",
        UnauthorizedAccessException => "permission denied; check who may write to the folder and whether it is read-only",
        _ => $"{cause.Message.ReplaceLineEndings(" ")}; check the path and the disk",
    };

    private const string Quota = "the disk quota is used up; free some space or choose a folder on another disk";

    private static string? FileAmongParents(string path)
    {
        for (string? parent = Path.GetDirectoryName(Path.GetFullPath(path)); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent))
            {
                return parent;
            }
        }

        return null;
    }
}
