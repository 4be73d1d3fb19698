using NoProp.Actors.Hosting;
using NoProp.Actors.Recording;
using NoProp.Host.Images;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Host.Commands;

/// <summary>A run that is read, not trained: its settings, its data and one of its checkpoints.</summary>
internal sealed record TrainedRun(LoadedSettings Loaded, Dataset Dataset, Checkpoint Checkpoint) : IDisposable
{
    /// <summary>Reads a run folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="step">The checkpoint of so many block steps; null for the newest.</param>
    /// <param name="dataDir">Where the data are, if not where they were.</param>
    /// <exception cref="NoPropException">It is no run, the checkpoint is missing or damaged, or the data cannot be read.</exception>
    public static TrainedRun Open(string path, long? step, string? dataDir)
    {
        RunFolder folder = RunFolder.Read(path);
        LoadedSettings loaded = SettingsLoader.Load(SettingsOptions.Read(folder.Settings));
        IReadOnlyList<long> steps = folder.Checkpoints.Steps();
        if (steps.Count == 0)
        {
            throw new NoPropException($"{path} has no checkpoint yet: train it first");
        }

        DataSettings data = loaded.Settings.Data;
        return new(loaded, RunData.Load(data with { Directory = dataDir ?? data.Directory }), Load(folder, step ?? steps[^1], steps));
    }

    /// <summary>The method that was trained.</summary>
    public IMethod Method { get; } = MethodCatalog.Create(Loaded.Settings.Training, Dataset);

    /// <summary>Starts its inference chain.</summary>
    public Task<InferenceSession> StartAsync() => InferenceSession.StartAsync(Loaded, Method, Checkpoint.Snapshots);

    /// <inheritdoc/>
    public void Dispose() => Dataset.Dispose();

    private static Checkpoint Load(RunFolder folder, long step, IReadOnlyList<long> steps)
    {
        if (!steps.Contains(step))
        {
            throw new NoPropException($"{folder.Path} has no checkpoint of {step} block steps: there are {string.Join(", ", steps)}");
        }

        try
        {
            return folder.Checkpoints.Load(step);
        }
        catch (NoPropException e) when (steps.Count > 1)
        {
            throw new NoPropException($"{e.Message}; another one can be read with --checkpoint {string.Join(" or ", steps.Where(other => other != step))}", e);
        }
    }
}
