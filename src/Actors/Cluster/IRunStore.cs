using NoProp.Actors.Hosting;

namespace NoProp.Actors.Cluster;

/// <summary>A run that is ready to train.</summary>
/// <param name="Name">Its name, for those who ask for it.</param>
/// <param name="Plan">All that it is made of.</param>
/// <param name="Notes">What the user should know first.</param>
public sealed record StoredRun(string Name, RunPlan Plan, IReadOnlyList<string> Notes) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Plan.Folder?.Dispose();
        Plan.Dataset.Dispose();
    }
}

/// <summary>The runs of a cluster on disk, where every trainer's node finds them. What it throws says what was wrong with the run or its data.</summary>
public interface IRunStore
{
    /// <summary>Runs that wait for their turn.</summary>
    RunQueue Queue { get; }

    /// <summary>Name of the run that is marked as the one in training; null for none.</summary>
    /// <exception cref="Models.NoPropException">It cannot be read.</exception>
    string? Marked { get; }

    /// <summary>Looks for what is wrong with a run before it waits for its turn.</summary>
    /// <param name="settings">Settings of a new run as HOCON; null for one that goes on.</param>
    /// <param name="name">Its name; null for one of the time, or for the newest run.</param>
    /// <returns>Its name.</returns>
    string Check(string? settings, string? name);

    /// <summary>A new run, marked as the one in training. Where it is so marked already, because a trainer died just then, it goes on.</summary>
    /// <param name="settings">Its settings as HOCON.</param>
    /// <param name="name">Its name; null for one of the time.</param>
    StoredRun Begin(string settings, string? name);

    /// <summary>A run that was stopped, marked as the one in training.</summary>
    /// <param name="changes">Settings that change, as PATH=VALUE.</param>
    /// <param name="name">Its name; null for the newest one.</param>
    StoredRun Resume(IReadOnlyList<string> changes, string? name);

    /// <summary>The run that is marked as the one in training, which another trainer has left; null where there is none.</summary>
    StoredRun? TakeOver();

    /// <summary>No run is in training any more.</summary>
    void Release();

    /// <summary>A run as a worker needs it: its method and its data, if they are to be here, and no folder.</summary>
    /// <param name="settings">Its settings as HOCON.</param>
    /// <param name="remote">The data, where they stay on another node; null to read them here.</param>
    RunPlan Load(string settings, RemoteData? remote);
}
