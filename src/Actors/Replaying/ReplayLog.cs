using System.Collections.Immutable;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>A place in a replay log where it cannot be read on.</summary>
/// <param name="Record">Which record, from 0.</param>
/// <param name="Offset">Where it begins in the file, in bytes.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Torn">Whether the file ends in the middle of it, as after a kill.</param>
public sealed record ReplayFault(long Record, long Offset, string What, bool Torn)
{
    /// <inheritdoc/>
    public override string ToString() => $"record {Record} (byte {Offset}): {What}";
}

/// <summary>What a replay log says, up to the first record that cannot be read.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Blocks">Number of its blocks.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Ends">Where each of them ends in the file, in bytes.</param>
/// <param name="Fault">Where reading ended; null where all of the file was read.</param>
public sealed record ReplayContent(ulong Seed, int Blocks, ImmutableArray<ReplayEntry> Entries, ImmutableArray<long> Ends, ReplayFault? Fault);

/// <summary><c>replay.log</c>: the order in which the head took gradients in, at most 64 bytes each. Not thread-safe.</summary>
public sealed class ReplayLog : IDisposable
{
    private readonly string path;
    private readonly FileStream stream;
    private uint checksum;

    private ReplayLog(string path, FileStream stream, uint checksum) => (this.path, this.stream, this.checksum) = (path, stream, checksum);

    /// <summary>Reads a log.</summary>
    /// <exception cref="NoPropException">It is missing, cannot be read, or is no replay log.</exception>
    public static ReplayContent Read(string path)
    {
        byte[] file = Guard(path, "read", () =>
        {
            using FileStream reader = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[reader.Length];
            reader.ReadExactly(bytes);
            return bytes;
        });
        if (ReplayFormat.ReadHeader(file) is not { } header)
        {
            throw new NoPropException($"{path} is no replay log, or its header is damaged");
        }

        ImmutableArray<ReplayEntry>.Builder entries = ImmutableArray.CreateBuilder<ReplayEntry>();
        ImmutableArray<long>.Builder ends = ImmutableArray.CreateBuilder<long>();
        uint checksum = header.Checksum;
        ReplayFault? fault = null;
        for (int at = ReplayFormat.HeaderSize; at < file.Length;)
        {
            ReplayEntry? entry = ReplayFormat.Read(file.AsSpan(at), ref checksum, out int size, out string? wrong, out bool torn);
            if (entry is null)
            {
                fault = new(entries.Count, at, wrong!, torn);
                break;
            }

            entries.Add(entry);
            ends.Add(at += size);
        }

        return new(header.Seed, header.Blocks, entries.ToImmutable(), ends.ToImmutable(), fault);
    }

    /// <summary>Begins a log.</summary>
    /// <exception cref="NoPropException">It cannot be written.</exception>
    public static ReplayLog Create(string path, ulong seed, int blocks)
    {
        byte[] header = ReplayFormat.Header(seed, blocks);
        FileStream stream = Guard(path, "written", () =>
        {
            FileStream created = new(path, FileMode.Create, FileAccess.Write, FileShare.Read);
            created.Write(header);
            return created;
        });
        return new(path, stream, ReplayFormat.ReadHeader(header)!.Value.Checksum);
    }

    /// <summary>Opens a log to go on after its first entries; those that follow are dropped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="entries">How many stay.</param>
    /// <exception cref="NoPropException">It does not hold so many, or cannot be written.</exception>
    public static ReplayLog Continue(string path, long entries)
    {
        ReplayContent content = Read(path);
        if (content.Entries.Length < entries)
        {
            throw new NoPropException(
                $"{path} holds {content.Entries.Length} of the {entries} records that lead to the checkpoint"
                + (content.Fault is { } fault ? $" ({fault})" : "")
                + ": remove it to go on with a run that cannot be replayed, or resume from an earlier checkpoint");
        }

        return Guard(path, "written", () =>
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            long end = entries == 0 ? ReplayFormat.HeaderSize : content.Ends[(int)entries - 1];
            stream.SetLength(end);
            stream.Position = end - sizeof(uint);
            using BinaryReader reader = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            return new ReplayLog(path, stream, reader.ReadUInt32());
        });
    }

    /// <summary>Appends entries.</summary>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public void Append(ImmutableArray<ReplayEntry> entries) => Guard(path, "written", () =>
    {
        foreach (ReplayEntry entry in entries)
        {
            stream.Write(ReplayFormat.Record(entry, ref checksum));
        }

        return 0;
    });

    /// <summary>Hands all entries to the operating system.</summary>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public void Flush() => Guard(path, "written", () =>
    {
        stream.Flush();
        return 0;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // Already reported by Append or Flush.
        }
    }

    private static T Guard<T>(string path, string done, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path} cannot be {done}: {e.Message}", e);
        }
    }
}
