using Akka.Configuration;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Actors.Training;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Hosting;

/// <summary>Everything that a training run is made of.</summary>
/// <param name="Settings">Settings.</param>
/// <param name="Config">Configuration of the actor system.</param>
/// <param name="Method">What is trained.</param>
/// <param name="Dataset">On what; stays the caller's, who keeps it until the run has ended.</param>
/// <param name="Folder">Where it is recorded; null to record nothing.</param>
/// <param name="Resume">Where it goes on; null to begin.</param>
public sealed record RunPlan(NoPropSettings Settings, Config Config, IMethod Method, Dataset Dataset, RunFolder? Folder, Checkpoint? Resume)
{
    /// <summary>Entries of the replay log that lead to <see cref="Resume"/>.</summary>
    public long History => TrainerActor.HistoryOf(Resume);

    /// <summary>Where policies are found by name, in the settings and when they are switched during the run.</summary>
    public PolicyCatalog Catalog { get; init; } = PolicyCatalog.BuiltIn;

    /// <summary>A run on a data set, recorded nowhere.</summary>
    public static RunPlan Create(LoadedSettings loaded, Dataset dataset) => new(
        loaded.Settings,
        loaded.Config,
        MethodCatalog.Create(loaded.Settings.Training, dataset),
        dataset,
        Folder: null,
        Resume: null);

    /// <summary>Mini-batches in one pass over the training set.</summary>
    public int StepsPerEpoch => Batches().StepsPerEpoch;

    /// <summary>Mini-batches of this run; every user takes its own.</summary>
    public BatchSource Batches() => new(Dataset, Settings.Training.Seed, Settings.Training.BatchSize, Settings.Data.Augment);
}
