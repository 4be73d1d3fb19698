using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NoProp.Host.Serving;

/// <summary>A record of a run's metrics.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Id">The place after it.</param>
/// <param name="Json">The record, one line.</param>
internal sealed record MetricsRecord(string Type, string Id, string Json);

/// <summary>
/// Reads <c>metrics.jsonl</c> while another process may write it. A place is known by what stands before it, so that it is found again by who
/// comes back, and not found where the file was written anew.
/// </summary>
/// <param name="path">The file; may be missing yet.</param>
internal sealed class MetricsTail(string path)
{
    /// <summary>The place after everything that is there.</summary>
    public const string Now = "now";

    private const int MostBytes = 1 << 20;
    private const int MarkedBytes = 256;

    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(250);
    private static readonly string NoMark = Mark([]);

    private long offset;
    private string mark = NoMark;

    /// <summary>The records from a place on, without end; null where nothing new has come for a moment.</summary>
    /// <param name="after">Id of the last record that the caller has, null, or <see cref="Now"/>.</param>
    /// <param name="stop">Ends it.</param>
    public async IAsyncEnumerable<MetricsRecord?> ReadAsync(string? after, [EnumeratorCancellation] CancellationToken stop)
    {
        if (after == Now)
        {
            while (ReadMore().Lines.Count > 0)
            {
            }
        }
        else
        {
            GoTo(after);
        }

        while (true)
        {
            (bool anew, List<MetricsRecord> lines) = ReadMore();
            if (anew)
            {
                yield return new MetricsRecord("rewound", Place(0, NoMark), "{}");
            }

            foreach (MetricsRecord line in lines)
            {
                if (line.Type.Length > 0)
                {
                    yield return line;
                }
            }

            if (lines.Count == 0)
            {
                yield return null;
                await Task.Delay(Wait, stop);
            }
        }
    }

    private static string Place(long offset, string mark) => string.Create(CultureInfo.InvariantCulture, $"{offset}-{mark}");

    private static string Mark(ReadOnlySpan<byte> before) =>
        Convert.ToHexStringLower(SHA256.HashData(before.Length > MarkedBytes ? before[^MarkedBytes..] : before).AsSpan(0, 8));

    private void GoTo(string? id)
    {
        if (id?.Split('-') is [var place, var before] && long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out long given))
        {
            (offset, mark) = (given, before);
        }
    }

    /// <summary>The whole lines that come next, and whether they begin anew because the file is another one.</summary>
    private (bool Anew, List<MetricsRecord> Lines) ReadMore()
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bool anew = offset > stream.Length || Mark(Read(stream, Math.Max(0, offset - MarkedBytes), offset)) != mark;
            if (anew)
            {
                (offset, mark) = (0, NoMark);
            }

            long start = Math.Max(0, offset - MarkedBytes);
            return (anew, Lines(Read(stream, start, Math.Min(stream.Length, offset + MostBytes)), start));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (false, []);
        }
    }

    private static byte[] Read(FileStream stream, long from, long to)
    {
        stream.Position = from;
        byte[] bytes = new byte[to - from];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private List<MetricsRecord> Lines(byte[] bytes, long start)
    {
        List<MetricsRecord> lines = [];
        int from = (int)(offset - start);
        while (bytes.AsSpan(from).IndexOf((byte)'\n') is >= 0 and int length)
        {
            string line = Encoding.UTF8.GetString(bytes, from, length);
            from += length + 1;
            (offset, mark) = (start + from, Mark(bytes.AsSpan(0, from)));
            lines.Add(new MetricsRecord(TypeOf(line), Place(offset, mark), line));
        }

        return lines;
    }

    /// <summary>A record's type; empty for a line that is none.</summary>
    private static string TypeOf(string line)
    {
        try
        {
            using JsonDocument record = JsonDocument.Parse(line);
            return record.RootElement.TryGetProperty("type", out JsonElement type) ? type.GetString() ?? "" : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
