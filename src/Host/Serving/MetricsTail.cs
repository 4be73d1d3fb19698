using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace NoProp.Host.Serving;

/// <summary>A record of a run's metrics.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Id">The place after it.</param>
/// <param name="Json">The record, one line.</param>
internal sealed record MetricsRecord(string Type, string Id, string Json);

/// <summary>Reads <c>metrics.jsonl</c> while another process may write it.</summary>
/// <param name="path">The file; may be missing yet.</param>
internal sealed class MetricsTail(string path)
{
    /// <summary>The place after everything that is there.</summary>
    public const string Now = "now";

    private const int MostBytes = 1 << 20;

    // Names the file: one that is written anew in its place has another time of birth.
    private long file;
    private long offset;

    /// <summary>The records from a place on, without end; null where nothing new has come for a moment.</summary>
    /// <param name="after">Id of the last record that the caller has, null, or <see cref="Now"/>.</param>
    /// <param name="stop">Ends it.</param>
    public async IAsyncEnumerable<MetricsRecord?> ReadAsync(string? after, [EnumeratorCancellation] CancellationToken stop)
    {
        TimeSpan wait = TimeSpan.FromMilliseconds(250);
        bool known = TryPlace(after);
        if (after == Now && File.Exists(path))
        {
            (file, offset, known) = (Birth(), new FileInfo(path).Length, true);
        }

        while (true)
        {
            (bool anew, byte[] bytes) = ReadMore();
            if (anew && known)
            {
                yield return new MetricsRecord("rewound", Place(), "{}");
            }

            known |= bytes.Length > 0;
            int end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            long start = offset;
            int from = 0;
            while (from < end)
            {
                int length = bytes.AsSpan(from, end - from).IndexOf((byte)'\n');
                string line = Encoding.UTF8.GetString(bytes, from, length);
                from += length + 1;
                offset = start + from;
                if (TypeOf(line) is { } type)
                {
                    yield return new MetricsRecord(type, Place(), line);
                }
            }

            if (end == 0)
            {
                yield return null;
                await Task.Delay(wait, stop);
            }
        }
    }

    private string Place() => string.Create(CultureInfo.InvariantCulture, $"{file:x}-{offset}");

    private bool TryPlace(string? id)
    {
        string[] parts = id?.Split('-') ?? [];
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out file)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    private long Birth() => File.GetCreationTimeUtc(path).Ticks;

    /// <summary>What comes next, and whether it is the beginning of another file.</summary>
    private (bool Anew, byte[] Bytes) ReadMore()
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            long birth = Birth();
            bool anew = birth != file || offset > stream.Length;
            (file, offset) = (birth, anew ? 0 : offset);
            stream.Position = offset;
            byte[] bytes = new byte[Math.Min(MostBytes, stream.Length - offset)];
            return (anew, bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (false, []);
        }
    }

    private static string? TypeOf(string line)
    {
        try
        {
            using JsonDocument record = JsonDocument.Parse(line);
            return record.RootElement.TryGetProperty("type", out JsonElement type) ? type.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
