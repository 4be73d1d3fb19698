using System.IO.MemoryMappedFiles;
using NoProp.Models;

namespace NoProp.Host.Faults;

/// <summary>Counts the steps that a process has made, in a file that keeps the count when the process is killed.</summary>
internal sealed class StepCounter : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly Lock gate = new();
    private long count;

    private StepCounter(MemoryMappedFile file)
    {
        this.file = file;
        view = file.CreateViewAccessor(0, sizeof(long));
    }

    /// <summary>A counter at zero.</summary>
    /// <exception cref="NoPropException">The file cannot be made.</exception>
    public static StepCounter Create(string path)
    {
        try
        {
            return new(MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(long)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"steps cannot be counted in {path}: {e.Message}", e);
        }
    }

    /// <summary>The count of a process, alive or not; 0 where it has not begun.</summary>
    public static long Read(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[sizeof(long)];
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? BitConverter.ToInt64(bytes) : 0;
    }

    /// <summary>One more.</summary>
    public void Add()
    {
        lock (gate)
        {
            view.Write(0, ++count);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        view.Dispose();
        file.Dispose();
    }
}
