using System.Text;

namespace NoProp.Models.Checkpoints;

/// <summary>
/// Writes a file whole: under a temporary name beside it, flushed to the disk, then renamed over it. Whoever reads the path, even after a
/// kill or a power cut, sees either the earlier file or the new one.
/// </summary>
public static class AtomicFile
{
    /// <summary>Replaces or creates the file with these bytes. Its folder must exist.</summary>
    /// <exception cref="NoPropException">
    /// The disk is full, the folder is read-only or missing...; an earlier file is untouched and no temporary file is left.
    /// </exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        if (Directory.Exists(path))
        {
            throw new NoPropException($"cannot write {path}: it is a folder; choose another name");
        }

        // A name of its own for each write: two writers of one path must not meet in one temporary file.
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            WriteThrough(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (WriteFailure.IsExpected(e))
            {
                throw WriteFailure.Of("write", path, e);
            }

            throw;
        }
    }

    /// <summary>Replaces or creates the file with this text, as UTF-8 without a byte order mark. Its folder must exist.</summary>
    /// <exception cref="NoPropException">As for bytes.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Creates a file that must not exist yet and returns when its bytes are on the disk.</summary>
    internal static void WriteThrough(string path, ReadOnlySpan<byte> bytes)
    {
        // Without a buffer of its own the stream has nothing left to write, and so to fail with, when it is disposed after an error.
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (WriteFailure.IsExpected(e))
        {
            // The failure that led here says more than this one.
        }
    }
}
