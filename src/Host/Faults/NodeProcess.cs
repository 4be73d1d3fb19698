using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Cluster;
using NoProp.Models;

namespace NoProp.Host.Faults;

/// <summary>One process of <c>noprop node</c>, a child of this one. What it writes goes to a file.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process process;
    private readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;
    private bool disposed;

    /// <summary>Starts one.</summary>
    /// <param name="name">Its name in the file of faults.</param>
    /// <param name="generation">Which process of that name, from 1.</param>
    /// <param name="folder">Where its log and its count of steps are written.</param>
    /// <param name="arguments">Arguments of <c>noprop node</c>.</param>
    public NodeProcess(string name, int generation, string folder, IEnumerable<string> arguments)
    {
        (Name, Generation) = (name, generation);
        string file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{generation}"));
        (Log, CountFile) = (file + ".log", file + ".steps");
        string own = Environment.ProcessPath ?? "dotnet";
        bool hosted = Path.GetFileNameWithoutExtension(own) == "dotnet";
        ProcessStartInfo start = new(
            own, [.. hosted ? (string[])[Path.Combine(AppContext.BaseDirectory, "noprop.dll")] : [], "node", "--count-steps", CountFile, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Started = Stopwatch.GetTimestamp();
        process = Process.Start(start)!;
        reading = ReadAsync(new StreamWriter(Log) { AutoFlush = true });
    }

    /// <summary>Its name in the file of faults.</summary>
    public string Name { get; }

    /// <summary>Which process of that name, from 1.</summary>
    public int Generation { get; }

    /// <summary>When it was started, as <see cref="Stopwatch"/> counts.</summary>
    public long Started { get; }

    /// <summary>Where all that it says goes.</summary>
    public string Log { get; }

    /// <summary>Where it counts its steps.</summary>
    public string CountFile { get; }

    /// <summary>Completes when it is a member of the cluster; fails when it ends before.</summary>
    public Task Joined => joined.Task;

    /// <summary>Where it listens; another place each time that it joins again. Null before.</summary>
    public NodeAddress? Address { get; private set; }

    /// <summary>Completes when it is over and all that it wrote is in its file.</summary>
    public Task Ended => reading;

    /// <summary>Whether it is there; one that is stopped is.</summary>
    public bool IsAlive => !disposed && !process.HasExited;

    /// <summary>Whether it was asked to end.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Its id.</summary>
    public int Id => process.Id;

    /// <summary>Ends it as a power cut would.</summary>
    public void Kill()
    {
        if (IsAlive)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    /// <summary>Does something to it, unless it is over.</summary>
    public void Signal(Action<int> signal)
    {
        if (IsAlive)
        {
            signal(process.Id);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!disposed)
        {
            Kill();
            disposed = true;
            process.Dispose();
        }
    }

    private async Task ReadAsync(StreamWriter writer)
    {
        await using (writer)
        {
            using SemaphoreSlim one = new(1);
            string last = "";
            async Task CopyAsync(StreamReader reader)
            {
                while (await reader.ReadLineAsync() is { } line)
                {
                    await one.WaitAsync();
                    last = line;
                    await writer.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss.fff} {line}");
                    one.Release();
                    if (line.Contains(" is a node of the cluster ", StringComparison.Ordinal) && NodeAddress.TryParse(line.Split(' ')[0], out NodeAddress address))
                    {
                        Address = address;
                        joined.TrySetResult();
                    }
                }
            }

            await Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));
            joined.TrySetException(new NoPropException($"{Name} has ended before it was a node of the cluster ({last}): see {Log}"));
            // Nobody need wait for it.
            _ = joined.Task.Exception;
        }
    }
}
