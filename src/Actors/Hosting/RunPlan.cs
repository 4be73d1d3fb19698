using Akka.Configuration;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Hosting;

/// <summary>Training images that another node has.</summary>
/// <param name="Description">The data.</param>
/// <param name="Server">Where that node is, for people.</param>
public sealed record RemoteData(DataDescription Description, string Server);

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

    /// <summary>Where the images come from when <see cref="Dataset"/> has none; null where it has them.</summary>
    public RemoteData? Remote { get; init; }

    /// <summary>What is trained on, wherever it is.</summary>
    public DataDescription Data => Remote?.Description ?? DataDescription.Of(Dataset);

    /// <summary>The method as it is trained: where blocks have replicas, each of them is one of its blocks.</summary>
    public IMethod Trained => Replicas > 1 ? new ReplicatedMethod(Method, Replicas) : Method;

    /// <summary>Replicas of each block.</summary>
    public int Replicas => Settings.Training.Replicas;

    /// <summary>
    /// Steps that each block, or each replica of one, makes in an epoch. Where replicas do not share the mini-batches of a pass evenly, an epoch
    /// is shorter than the pass, by fewer mini-batches than there are replicas.
    /// </summary>
    public int BlockStepsPerEpoch => StepsPerEpoch / Replicas;

    /// <summary>Steps that all of them together make in the whole run.</summary>
    public long TotalSteps => (long)BlockStepsPerEpoch * Settings.Epochs * Method.Blocks * Replicas;

    /// <summary>A run on a data set, recorded nowhere.</summary>
    /// <exception cref="NoPropException">The settings do not fit the data.</exception>
    public static RunPlan Create(LoadedSettings loaded, Dataset dataset) =>
        Checked(new(loaded.Settings, loaded.Config, MethodCatalog.Create(loaded.Settings.Training, dataset), dataset, Folder: null, Resume: null));

    /// <summary>A worker's part of a run whose images are on the trainer's node.</summary>
    /// <exception cref="NoPropException">The settings do not fit the data.</exception>
    public static RunPlan CreateForWorker(LoadedSettings loaded, RemoteData remote) => Checked(new(
        loaded.Settings, loaded.Config, MethodCatalog.CreateForBlocks(loaded.Settings.Training, remote.Description), remote.Description.WithoutImages(), Folder: null, Resume: null)
    {
        Remote = remote,
    });

    private static RunPlan Checked(RunPlan plan) => plan.BlockStepsPerEpoch > 0
        ? plan
        : throw new NoPropException(
            $"{plan.Replicas} replicas cannot share the {plan.StepsPerEpoch} mini-batches of {plan.Settings.Training.BatchSize} images that the training set gives: lower noprop.replicas or noprop.batch");

    /// <summary>Checks that the policies fit the run.</summary>
    /// <exception cref="NoPropException">They do not.</exception>
    public void CheckPolicies()
    {
        if (Replicas > 1 && Catalog.Parse(Settings.Policies).FaultWithReplicas is { } fault)
        {
            throw new NoPropException(fault);
        }
    }

    /// <summary>Mini-batches in one pass over the training set.</summary>
    public int StepsPerEpoch => Batches().StepsPerEpoch;

    /// <summary>Mini-batches of this run; every user takes its own.</summary>
    public BatchSource Batches() => Remote is null
        ? new(Dataset, Settings.Training.Seed, Settings.Training.BatchSize, Settings.Data.Augment)
        : new(Remote.Description, Settings.Training.Seed, Settings.Training.BatchSize, Settings.Data.Augment);
}
