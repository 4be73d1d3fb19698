using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Recording;

/// <summary><c>metrics.jsonl</c>: one JSON object a line, each with <c>type</c> and <c>at</c> (UTC). Not thread-safe.</summary>
public sealed class MetricsLog : IDisposable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly string path;
    private readonly StreamWriter writer;

    /// <summary>Opens the file at its end.</summary>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public MetricsLog(string path)
    {
        this.path = path;
        writer = Guard(() => new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read)));
    }

    /// <summary>The whole records of a file; a last line that a kill has torn is left out.</summary>
    public static IEnumerable<JsonObject> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            JsonObject? record;
            try
            {
                record = JsonNode.Parse(line) as JsonObject;
            }
            catch (JsonException)
            {
                continue;
            }

            if (record is not null)
            {
                yield return record;
            }
        }
    }

    /// <summary>Drops the records that a resumed run will write again.</summary>
    /// <param name="path">The file; may be missing.</param>
    /// <param name="keep">Whether a record stays.</param>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public static void Rewind(string path, Func<JsonObject, bool> keep)
    {
        if (File.Exists(path))
        {
            AtomicFile.Write(path, string.Concat(Read(path).Where(keep).Select(record => record.ToJsonString(Options) + "\n")));
        }
    }

    /// <summary>Appends a record.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="values">Its values; their names are written in camel case.</param>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public void Append(string type, object values)
    {
        JsonObject record = new() { ["type"] = type, ["at"] = DateTime.UtcNow };
        foreach ((string name, JsonNode? value) in JsonSerializer.SerializeToNode(values, Options)!.AsObject().ToArray())
        {
            record[name] = value?.DeepClone();
        }

        Guard(() =>
        {
            writer.WriteLine(record.ToJsonString(Options));
            return 0;
        });
    }

    /// <summary>Hands all records to the operating system.</summary>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public void Flush() => Guard(() =>
    {
        writer.Flush();
        return 0;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            writer.Dispose();
        }
        catch (IOException)
        {
            // Already reported by Append or Flush.
        }
    }

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path} cannot be written: {e.Message}", e);
        }
    }
}
