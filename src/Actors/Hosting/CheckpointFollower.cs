using NoProp.Actors.Recording;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Hosting;

/// <summary>Looks for new checkpoints of a run, which may be in training in another process.</summary>
public sealed class CheckpointFollower : IAsyncDisposable
{
    private readonly RunFolder folder;
    private readonly Action<Checkpoint> take;
    private readonly Action<string> tell;
    private readonly CancellationTokenSource stop = new();
    private readonly Task looking;
    private string? told;

    /// <summary>Looks, and goes on looking on a thread of its own.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="every">Time between two looks.</param>
    /// <param name="take">Told each newer checkpoint that is whole.</param>
    /// <param name="tell">Told, once each, what is wrong with others.</param>
    public CheckpointFollower(RunFolder folder, TimeSpan every, Action<Checkpoint> take, Action<string> tell)
    {
        (this.folder, this.take, this.tell) = (folder, take, tell);
        Look();
        looking = Task.Run(() => LookAsync(every));
    }

    /// <summary>Step of the newest checkpoint that was taken; null before the first.</summary>
    public long? Taken { get; private set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await looking;
        stop.Dispose();
    }

    private void Look()
    {
        try
        {
            // A run that goes on from an earlier checkpoint has a lower newest step for a while.
            if (folder.Checkpoints.Steps() is [.., long newest] && newest != Taken)
            {
                (Checkpoint? checkpoint, IReadOnlyList<string> problems) = folder.Checkpoints.LoadNewestWhole();
                foreach (string problem in problems)
                {
                    Tell(problem);
                }

                if (checkpoint is not null && checkpoint.Step != Taken)
                {
                    take(checkpoint);
                    Taken = checkpoint.Step;
                }
            }
        }
        catch (NoPropException e)
        {
            Tell(e.Message);
        }
    }

    private async Task LookAsync(TimeSpan every)
    {
        using PeriodicTimer timer = new(every);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Tell(string problem)
    {
        if (problem != told)
        {
            told = problem;
            tell(problem);
        }
    }
}
