using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Cluster;

/// <summary>A run that waits for its turn.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Settings">Its settings as HOCON; null for one that goes on.</param>
/// <param name="Changes">Of one that goes on: settings that change, as PATH=VALUE.</param>
public sealed record QueuedRun(string Name, string? Settings, ImmutableArray<string> Changes);

/// <summary>Runs that wait for their turn, each in a file of its own in one folder, so that they outlive whoever put them there. Used by one trainer at a time.</summary>
/// <param name="folder">The folder, made when it is needed.</param>
public sealed class RunQueue(string folder)
{
    private const string Ending = ".json";

    /// <summary>Those that wait, the next one first.</summary>
    /// <exception cref="NoPropException">A file cannot be read.</exception>
    public ImmutableArray<QueuedRun> Read() => [.. Files().Select(Read)];

    /// <summary>Puts a run at the end.</summary>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public void Add(QueuedRun run)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"the folder {folder} for runs that wait cannot be made: {e.Message}", e);
        }

        long number = Files().Select(file => long.TryParse(Path.GetFileName(file).Split('-')[0], CultureInfo.InvariantCulture, out long known) ? known : 0).DefaultIfEmpty().Max() + 1;
        // Two trainers that are cut off from each other may both count to one number.
        string name = string.Create(CultureInfo.InvariantCulture, $"{number:D12}-{Guid.NewGuid().ToString("N")[..8]}{Ending}");
        AtomicFile.Write(Path.Combine(folder, name), JsonSerializer.Serialize(run) + "\n");
    }

    /// <summary>Takes a run out, if it is there.</summary>
    /// <exception cref="NoPropException">It cannot be taken out.</exception>
    public void Remove(string name)
    {
        foreach (string file in Files().Where(file => Read(file).Name == name))
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new NoPropException($"{file} cannot be deleted, and {name} stays in the queue: {e.Message}", e);
            }
        }
    }

    private IEnumerable<string> Files() => Directory.Exists(folder) ? Directory.GetFiles(folder, $"*{Ending}").Order(StringComparer.Ordinal) : [];

    private static QueuedRun Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<QueuedRun>(File.ReadAllText(file)) is { Name: not null, Changes.IsDefault: false } run ? run : throw new JsonException("it is no run");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new NoPropException($"the run that waits in {file} cannot be read: {e.Message.Split('\n')[0].Trim()}; delete the file and submit the run again", e);
        }
    }
}
