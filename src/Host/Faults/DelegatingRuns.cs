using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;

namespace NoProp.Host.Faults;

/// <summary>Runs of another store, with a change in how they train.</summary>
internal abstract class DelegatingRuns(IRunStore inner) : IRunStore
{
    /// <inheritdoc/>
    public RunQueue Queue => inner.Queue;

    /// <inheritdoc/>
    public string? Marked => inner.Marked;

    /// <inheritdoc/>
    public string Check(string? settings, string? name) => inner.Check(settings, name);

    /// <inheritdoc/>
    public StoredRun Begin(string settings, string? name) => Changed(inner.Begin(settings, name));

    /// <inheritdoc/>
    public StoredRun Resume(IReadOnlyList<string> changes, string? name) => Changed(inner.Resume(changes, name));

    /// <inheritdoc/>
    public StoredRun? TakeOver() => inner.TakeOver() is { } run ? Changed(run) : null;

    /// <inheritdoc/>
    public void Release() => inner.Release();

    /// <inheritdoc/>
    public RunPlan Load(string settings, RemoteData? remote) => Change(inner.Load(settings, remote));

    /// <summary>The change.</summary>
    protected abstract RunPlan Change(RunPlan plan);

    private StoredRun Changed(StoredRun run) => run with { Plan = Change(run.Plan) };
}
