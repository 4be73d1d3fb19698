using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;
using NoProp.Host.Commands;
using NoProp.Host.Control;
using NoProp.Host.Images;
using NoProp.Host.Page;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Host.Serving;

/// <summary>A run that is served.</summary>
internal interface IServedRun : IAsyncDisposable
{
    /// <summary>What it is called.</summary>
    string Name { get; }

    /// <summary>Its settings.</summary>
    NoPropSettings Settings { get; }

    /// <summary>What answers.</summary>
    InferenceService Inference { get; }

    /// <summary>Block steps of the checkpoint that answers; null where there is none, or no checkpoint at all.</summary>
    long? Step { get; }

    /// <summary>Completes when another run is to be served in its place, and fails when this one cannot be served any more.</summary>
    Task Succeeded => new TaskCompletionSource().Task;

    /// <summary>What is measured of the run, from a place on, without end.</summary>
    /// <param name="after">Id of the last record that the caller has; null for the beginning, or <see cref="MetricsTail.Now"/>.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>A record, or null now and then where nothing comes.</returns>
    IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, CancellationToken stop);

    /// <summary>Whether somebody trains it.</summary>
    bool IsInTraining => false;

    /// <summary>The folder that holds it and other runs; null where there is none here.</summary>
    string? RunsFolder => null;

    /// <summary>Who can switch its policies; null where nobody trains it.</summary>
    IRunPolicies? OpenPolicies() => null;

    /// <summary>Who trains what; null where one process trains it alone, or nobody says.</summary>
    Task<TrainingStatus?> PlacementAsync() => Task.FromResult<TrainingStatus?>(null);
}

/// <summary>A run in a folder: finished, or in training in another process.</summary>
internal sealed class ServedRun : IServedRun
{
    private readonly RunFolder folder;

    private ServedRun(RunFolder folder, NoPropSettings settings, InferenceService inference) => (this.folder, Settings, Inference) = (folder, settings, inference);

    /// <inheritdoc/>
    public string Name => folder.Path;

    /// <inheritdoc/>
    public NoPropSettings Settings { get; }

    /// <inheritdoc/>
    public InferenceService Inference { get; }

    /// <inheritdoc/>
    public long? Step => Inference.Step;

    /// <summary>Opens a run's folder and begins to follow it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="load">The settings asked for, on the basis of the run's own.</param>
    /// <param name="dataDir">Where the data are, if not where they were.</param>
    /// <param name="tell">Told what happens, a line each.</param>
    /// <exception cref="NoPropException">It is no run, or the data cannot be read.</exception>
    public static async Task<ServedRun> OpenAsync(string path, Func<SettingsFile, LoadedSettings> load, string? dataDir, Action<string> tell)
    {
        RunFolder folder = RunFolder.Read(path);
        LoadedSettings loaded = load(SettingsOptions.Read(folder.Settings));
        DataSettings data = loaded.Settings.Data;
        using Dataset dataset = RunData.Load(data with { Directory = dataDir ?? data.Directory });
        // What has been trained needs no prototypes any more, and so no images.
        IMethod method = MethodCatalog.CreateForBlocks(loaded.Settings.Training, DataDescription.Of(dataset));
        InferenceService inference = await InferenceService.StartAsync(loaded, method, dataset);
        inference.Follow(folder, loaded.Settings.Serve.Refresh, tell);
        return new(folder, loaded.Settings, inference);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<MetricsRecord?> RecordsAsync(string? after, CancellationToken stop) => new MetricsTail(folder.Metrics).ReadAsync(after, stop);

    /// <inheritdoc/>
    public bool IsInTraining => RunList.IsInTraining(folder);

    /// <inheritdoc/>
    public string? RunsFolder => Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(folder.Path)));

    /// <inheritdoc/>
    public IRunPolicies? OpenPolicies() => ControlClient.ForRun(folder.Path);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Inference.DisposeAsync();
}
