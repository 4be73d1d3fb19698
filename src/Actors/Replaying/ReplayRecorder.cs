using System.Collections.Immutable;
using NoProp.Actors.Recording;
using NoProp.Models;

namespace NoProp.Actors.Replaying;

/// <summary>Writes a run's replay log from its first entry on, or on from where a checkpoint stands. Not thread-safe.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="blocks">Number of its blocks.</param>
/// <param name="history">Entries that lead to the checkpoint that the run goes on from; 0 where it begins.</param>
internal sealed class ReplayRecorder(RunFolder folder, ulong seed, int blocks, long history) : IDisposable
{
    private ReplayLog? log;

    /// <summary>Whether nothing is written, because the run goes on without the log of its beginning.</summary>
    public bool IsOff => history > 0 && log is null && !File.Exists(folder.ReplayLog);

    /// <summary>Appends entries.</summary>
    /// <exception cref="NoPropException">They cannot be written, or the log is damaged before the place to go on.</exception>
    public void Append(ImmutableArray<ReplayEntry> entries)
    {
        if (!IsOff)
        {
            log ??= history == 0 ? ReplayLog.Create(folder.ReplayLog, seed, blocks) : ReplayLog.Continue(folder.ReplayLog, history);
            log.Append(entries);
        }
    }

    /// <summary>Hands all entries to the operating system.</summary>
    /// <exception cref="NoPropException">They cannot be written.</exception>
    public void Flush() => log?.Flush();

    /// <inheritdoc/>
    public void Dispose() => log?.Dispose();
}
