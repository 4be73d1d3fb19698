using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NoProp.Models.Checkpoints;

/// <summary>What one file of a checkpoint must be.</summary>
/// <param name="Name">Name of the snapshot; the file adds <c>.safetensors</c>.</param>
/// <param name="Clock">Steps that the snapshot's owner has trained.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
internal sealed record CheckpointFile(string Name, long Clock, long Bytes, string Sha256);

/// <summary>The list of a checkpoint's files, <c>manifest.json</c>. It guards itself too: see <see cref="Sha256"/>.</summary>
/// <param name="Format">Version of this layout.</param>
/// <param name="Step">The run's step.</param>
/// <param name="Created">When the checkpoint was made, UTC.</param>
/// <param name="Files">One for each snapshot.</param>
/// <param name="State">See <see cref="Checkpoint.State"/>.</param>
/// <param name="Sha256">SHA-256 of the manifest's own bytes with zeros in this place, which every version keeps last.</param>
internal sealed record CheckpointManifest(
    int Format,
    long Step,
    DateTime Created,
    IReadOnlyList<CheckpointFile> Files,
    IReadOnlyDictionary<string, string> State,
    string Sha256)
{
    private const int CurrentFormat = 1;
    private const int HashLength = 2 * SHA256.HashSizeInBytes;
    private const string Ending = "\"\n}\n";

    private static readonly string Zeros = new('0', HashLength);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The manifest of a checkpoint, still without its own hash.</summary>
    /// <exception cref="ArgumentException">The step is negative, or a snapshot's name is repeated or cannot be a file name.</exception>
    public static CheckpointManifest Of(Checkpoint checkpoint, DateTimeOffset created)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(checkpoint.Step, nameof(checkpoint));
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase); // Some file systems do not tell Head from head.
        foreach (Snapshot snapshot in checkpoint.Snapshots)
        {
            if (!IsFileName(snapshot.Name) || !names.Add(snapshot.Name))
            {
                throw new ArgumentException($"snapshot name {snapshot.Name} is repeated or cannot be a file name", nameof(checkpoint));
            }
        }

        return new CheckpointManifest(
            CurrentFormat,
            checkpoint.Step,
            created.UtcDateTime,
            [.. checkpoint.Snapshots.Select(snapshot => new CheckpointFile(
                snapshot.Name, snapshot.Clock, snapshot.Safetensors.Length, Hash(snapshot.Safetensors.Span)))],
            checkpoint.State,
            Zeros);
    }

    /// <summary>SHA-256 in lower-case hex.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The file, with its own hash filled in.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this with { Sha256 = Zeros }, Json) + "\n");
        Encoding.ASCII.GetBytes(Hash(bytes), OwnHash(bytes));
        return bytes;
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="bytes">The whole file; it is overwritten in part.</param>
    /// <exception cref="FormatException">The bytes are not what <see cref="ToBytes"/> made; the message says how.</exception>
    public static CheckpointManifest Parse(byte[] bytes)
    {
        if (bytes.Length < HashLength + Ending.Length || !bytes.AsSpan().EndsWith(Encoding.ASCII.GetBytes(Ending)))
        {
            throw new FormatException("does not end as a manifest does: it was cut off or altered");
        }

        Span<byte> ownHash = OwnHash(bytes);
        string claimed = Encoding.Latin1.GetString(ownHash);
        Encoding.ASCII.GetBytes(Zeros, ownHash);
        if (Hash(bytes) != claimed)
        {
            throw new FormatException("does not match its own SHA-256: it was altered");
        }

        try
        {
            CheckpointManifest manifest = JsonSerializer.Deserialize<CheckpointManifest>(bytes, Json) ?? throw new JsonException();
            return manifest.Format != CurrentFormat
                ? throw new FormatException($"has format {manifest.Format}, and this version of the program reads format {CurrentFormat}")
                : manifest.Files.All(file => file is not null && IsFileName(file.Name)) ? manifest : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new FormatException("is not a manifest", e);
        }
    }

    /// <summary>Whether both describe the same files and state; when they were made does not matter.</summary>
    public bool Agrees(CheckpointManifest other) =>
        Step == other.Step
        && Files.SequenceEqual(other.Files)
        && State.Count == other.State.Count
        && State.All(pair => other.State.TryGetValue(pair.Key, out string? value) && value == pair.Value);

    private static Span<byte> OwnHash(byte[] bytes) => bytes.AsSpan(bytes.Length - Ending.Length - HashLength, HashLength);

    /// <summary>Letters, digits, - and _ only, so that no name leads out of the folder or means something to the system.</summary>
    private static bool IsFileName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
