using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;

namespace NoProp.Actors.Hosting;

/// <summary>Every setting of a run, checked. <see cref="SettingsLoader"/> makes it; noprop.conf describes each one.</summary>
/// <param name="Training">What, together with the data, determines the weights.</param>
/// <param name="Data">Data set.</param>
/// <param name="Epochs">Passes over the training set that each block makes.</param>
/// <param name="Policies">Update policies, one for each thing that blocks share.</param>
/// <param name="Slots">Blocks that train at the same time; null for the number of cores.</param>
/// <param name="Lease">Leases on blocks.</param>
/// <param name="Loader">Preparation of mini-batches.</param>
/// <param name="Supervision">How many failures a run survives.</param>
/// <param name="Checkpoint">Checkpoints.</param>
/// <param name="Metrics">Recorded losses.</param>
/// <param name="Evaluate">Measurement of test accuracy.</param>
/// <param name="Run">The run's folder.</param>
public sealed record NoPropSettings(
    TrainingSettings Training,
    DataSettings Data,
    int Epochs,
    PolicySettings Policies,
    int? Slots,
    LeaseSettings Lease,
    LoaderSettings Loader,
    SupervisionSettings Supervision,
    CheckpointSettings Checkpoint,
    MetricsSettings Metrics,
    EvaluateSettings Evaluate,
    RunSettings Run)
{
    /// <summary>What this process is in a cluster.</summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary>Devices that train blocks, at least one, each once.</summary>
    public IReadOnlyList<ComputeDevice> Devices { get; init; } = [ComputeDevice.Cpu];

    /// <summary>Blocks that train at the same time on each device; null for as many as suit it.</summary>
    public int? SlotsPerDevice { get; init; }

    /// <summary>
    /// Blocks that train at the same time on this machine: <see cref="Slots"/>, or for each of its devices <see cref="SlotsPerDevice"/>, which
    /// is one if it is not given; on the CPU alone the number of its cores.
    /// </summary>
    public int SlotCount => Slots ?? Devices.Count * (SlotsPerDevice ?? (Devices is [var only] && only == ComputeDevice.Cpu ? Environment.ProcessorCount : 1));

    /// <summary>The same by device.</summary>
    public DeviceSlots DeviceSlots => new([.. Devices], SlotCount / Devices.Count);

    /// <summary>Whether the blocks on a device are trained together; null for on a GPU of several slots.</summary>
    public bool? Stack { get; init; }

    /// <summary>The devices whose blocks are trained together, if the method's blocks can be.</summary>
    public IEnumerable<ComputeDevice> StackedDevices => Devices.Where(device => Stack ?? (device.Type == DeviceType.CUDA && DeviceSlots.PerDevice > 1));

    /// <summary>How requests share the chain at inference.</summary>
    public required InferenceSettings Inference { get; init; }

    /// <summary>The HTTP service.</summary>
    public required ServeSettings Serve { get; init; }
}

/// <summary>Data set.</summary>
/// <param name="Name">Name of the data set, for example <c>digits</c>, or <c>folder:PATH</c>.</param>
/// <param name="Directory">Folder of its files; null for the usual one.</param>
/// <param name="TrainLimit">Train on the first so many images; 0 for all of them.</param>
/// <param name="ImageSize">Size that image files are scaled to; null for the one they all have.</param>
/// <param name="Augment">How training images are changed at random.</param>
/// <param name="Resident">Which devices have a copy of the training images.</param>
public sealed record DataSettings(
    string Name, string? Directory, int TrainLimit, ImageSize? ImageSize = null, Augmentation Augment = Augmentation.None, Residence Resident = Residence.Auto);

/// <summary>Leases on blocks.</summary>
/// <param name="Timeout">Time after which a worker that has not reported loses its block.</param>
public sealed record LeaseSettings(TimeSpan Timeout);

/// <summary>Preparation of mini-batches.</summary>
/// <param name="Prefetch">Mini-batches prepared ahead of the fastest block.</param>
/// <param name="CachedBatches">Mini-batches kept in memory for the blocks that come later.</param>
public sealed record LoaderSettings(int Prefetch, int CachedBatches);

/// <summary>How many failures a run survives.</summary>
/// <param name="MaxFailures">Failures of one worker after which the run stops.</param>
/// <param name="Within">Time in which they are counted.</param>
public sealed record SupervisionSettings(int MaxFailures, TimeSpan Within);

/// <summary>Checkpoints.</summary>
/// <param name="EveryEpochs">Epochs between two checkpoints; 0 for one at the end only.</param>
/// <param name="MinInterval">Least time between two checkpoints.</param>
/// <param name="Keep">Newest checkpoints that stay on disk.</param>
public sealed record CheckpointSettings(int EveryEpochs, TimeSpan MinInterval, int Keep);

/// <summary>Recorded losses.</summary>
/// <param name="EverySteps">Steps of a block between two records.</param>
/// <param name="TensorBoard">Whether TensorBoard's files are written too.</param>
/// <param name="ProbeEvery">Steps of a block between two gradients that are compared with fresh ones; 0 for none.</param>
public sealed record MetricsSettings(int EverySteps, bool TensorBoard, int ProbeEvery);

/// <summary>Measurement of test accuracy.</summary>
/// <param name="EveryEpochs">Epochs between two measurements, and one at the end; 0 for none.</param>
/// <param name="BatchSize">Images that pass through the chain together.</param>
/// <param name="Samples">Starting noises per image whose answers are averaged.</param>
/// <param name="Stochastic">Whether every block draws fresh noise.</param>
public sealed record EvaluateSettings(int EveryEpochs, int BatchSize, int Samples, bool Stochastic);

/// <summary>How requests share the chain at inference.</summary>
/// <param name="Window">How long a request waits for others to share its batch.</param>
/// <param name="Batch">Images in a batch at most.</param>
/// <param name="Queue">Images that may wait.</param>
/// <param name="Chain">Where the blocks answer when a cluster's run is served.</param>
public sealed record InferenceSettings(TimeSpan Window, int Batch, int Queue, ChainPlace Chain = ChainPlace.Local);

/// <summary>Where the blocks of a chain answer.</summary>
public enum ChainPlace
{
    /// <summary>In the process that is asked.</summary>
    Local,

    /// <summary>On the worker nodes of a cluster.</summary>
    Distributed,
}

/// <summary>The HTTP service.</summary>
/// <param name="Listen">Address.</param>
/// <param name="MaxBody">Bytes of a request.</param>
/// <param name="MaxImages">Images of a request.</param>
/// <param name="MaxSide">Largest side of a picture that is decoded, in pixels.</param>
/// <param name="MaxSamples">Draws of noise of a request.</param>
/// <param name="Refresh">Time between two looks for new states.</param>
public sealed record ServeSettings(NodeAddress Listen, int MaxBody, int MaxImages, int MaxSide, int MaxSamples, TimeSpan Refresh);

/// <summary>The run's folder.</summary>
/// <param name="Out">Folder for checkpoints, metrics and settings; null for <c>runs/&lt;data&gt;-&lt;time&gt;</c>.</param>
public sealed record RunSettings(string? Out);
