using System.Text.Json;
using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Host.Control;

/// <summary><c>control.json</c> in a run's folder: how to reach the process that trains it. Only its owner can read it.</summary>
/// <param name="Process">Id of the process.</param>
/// <param name="Socket">Path of its Unix domain socket.</param>
/// <param name="Address">HOST:PORT that it listens on too; null for none.</param>
/// <param name="Token">What a request to the address must carry; null where there is none.</param>
internal sealed record ControlFile(int Process, string Socket, string? Address, string? Token)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The file of a run; null where nobody trains it, or none that can be read.</summary>
    public static ControlFile? Read(RunFolder folder)
    {
        try
        {
            return File.Exists(folder.Control) ? JsonSerializer.Deserialize<ControlFile>(File.ReadAllText(folder.Control), Options) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public void Write(RunFolder folder)
    {
        AtomicFile.Write(folder.Control, "");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.Control, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.WriteAllText(folder.Control, JsonSerializer.Serialize(this, Options) + "\n");
    }
}
