using System.Collections.Immutable;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Recording;
using NoProp.Actors.Replaying;
using NoProp.Actors.Training;
using NoProp.Host.Commands;
using NoProp.Host.Images;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;
using NoProp.Models.Replicas;

namespace NoProp.Host.Replaying;

/// <summary>What a replay has found.</summary>
/// <param name="Weights">SHA-256 of the weights that it ended with.</param>
/// <param name="BlockSteps">Steps of all blocks.</param>
/// <param name="Compared">SHA-256 of the weights of each checkpoint on the way, in the run's folder and in the replay.</param>
internal sealed record ReplayResult(string Weights, long BlockSteps, IReadOnlyList<(long Step, string Recorded, string Replayed)> Compared);

/// <summary>A run that is made again from its folder.</summary>
internal sealed class ReplayedRun : IDisposable
{
    private readonly RunFolder folder;
    private readonly RunPlan plan;
    private readonly List<Checkpoint> checkpoints = [];

    private ReplayedRun(RunFolder folder, RunPlan plan) => (this.folder, this.plan) = (folder, plan);

    /// <summary>Checkpoints that cannot be compared with, and why.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Steps of all blocks that a replay makes, at least.</summary>
    public long Steps => checkpoints.Count == 0 ? 0 : checkpoints[^1].Step;

    /// <summary>SHA-256 that the run's summary names; null where the run has none.</summary>
    public string? RecordedWeights => File.Exists(folder.Summary) ? RunSummary.FromJson(File.ReadAllText(folder.Summary)).WeightsSha256 : null;

    /// <summary>Reads a run's folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="dataDir">Where its data are, if not where they were.</param>
    /// <exception cref="NoPropException">It is no run, or its data cannot be read.</exception>
    public static ReplayedRun Open(string path, string? dataDir)
    {
        RunFolder folder = RunFolder.Read(path);
        LoadedSettings loaded = SettingsLoader.Load(SettingsOptions.Read(folder.Settings));
        DataSettings data = loaded.Settings.Data;
        TorchRuntime.Load();
        ReplayedRun run = new(folder, RunPlan.Create(loaded, RunData.Load(data with { Directory = dataDir ?? data.Directory })));
        foreach (long step in folder.Checkpoints.Steps())
        {
            try
            {
                run.checkpoints.Add(folder.Checkpoints.Load(step));
            }
            catch (NoPropException e)
            {
                run.Problems.Add(e.Message);
            }
        }

        return run;
    }

    private ReplicaRule? Rule => plan.Replicas > 1 ? PolicyCatalog.BuiltIn.Parse(plan.Settings.Policies).Replicas : null;

    /// <summary>Makes the run again.</summary>
    /// <param name="until">Steps of all blocks to make; null for all of them.</param>
    /// <param name="progress">Told how many of how many steps are made.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="NoPropException">Its log is missing or damaged, or there is nothing to replay.</exception>
    public ReplayResult Replay(long? until, Action<long, long> progress, CancellationToken stop) =>
        plan.Method.Coupled ? ReplayLogged(until, progress, stop) : ReplayAlone(until, progress, stop);

    /// <inheritdoc/>
    public void Dispose() => plan.Dataset.Dispose();

    private ReplayResult ReplayLogged(long? until, Action<long, long> progress, CancellationToken stop)
    {
        ReplayContent log = ReplayLog.Read(folder.ReplayLog);
        if (log.Fault is { Torn: false } fault)
        {
            throw new NoPropException($"{folder.ReplayLog} is damaged at {fault}");
        }

        long needed = checkpoints.Count == 0 ? 0 : TrainerActor.HistoryOf(checkpoints[^1]);
        if (log.Entries.Length < needed)
        {
            throw new NoPropException($"{folder.ReplayLog} ends after {log.Entries.Length} of the {needed} records that lead to the newest checkpoint{(log.Fault is { } torn ? $": {torn}" : "")}");
        }

        (ReplicaRule, Checkpoint)? replicas = Rule is not { } rule ? null
            : checkpoints.Count > 0 ? (rule, checkpoints[^1])
            : throw new NoPropException($"{folder.Path} has no checkpoint yet, and only those hold the order in which replicas met: there is nothing to replay");
        long total = Math.Min(until ?? long.MaxValue, log.Entries.Count(entry => entry is ReplayEntry.Taken or ReplayEntry.Lost));
        List<(long, string, string)> compared = [];
        using Replayer replayer = new(plan.Trained, plan.Batches(), plan.Settings.Training.Seed, PolicyCatalog.BuiltIn, log.Entries, checkpoints.Select(Mark), replicas);
        replayer.Run(
            until ?? long.MaxValue,
            (mark, snapshots) => compared.Add((mark.Step, WeightsHash.Sha256(checkpoints.Single(saved => saved.Step == mark.Step).Snapshots), WeightsHash.Sha256(snapshots))),
            () => progress(Math.Min(replayer.BlockSteps, total), total),
            stop);
        return new(Weights(replayer.Snapshots()), replayer.BlockSteps, compared);
    }

    private ReplayResult ReplayAlone(long? until, Action<long, long> progress, CancellationToken stop)
    {
        Checkpoint target = (until is { } step ? checkpoints.FirstOrDefault(saved => saved.Step == step) : checkpoints.LastOrDefault())
            ?? throw new NoPropException(
                checkpoints.Count == 0
                    ? $"{folder.Path} has no checkpoint yet: there is nothing to replay"
                    : $"the blocks of {folder.Path} share nothing, so any order of steps leads to a checkpoint, and only those can be replayed to: --until {string.Join(" or ", checkpoints.Select(saved => saved.Step))}");
        long done = 0;
        ImmutableArray<Snapshot> snapshots = UncoupledReplay.Run(
            plan.Trained,
            plan.Batches(),
            plan.Settings.Training.Seed,
            target,
            Rule,
            () => progress(++done, target.Step),
            stop);
        // A block that was given out and taken back before its first step has a state too.
        return new(Weights(snapshots), target.Step, [(target.Step, WeightsHash.Sha256(target.Snapshots.Where(snapshot => snapshot.Clock > 0)), WeightsHash.Sha256(snapshots))]);
    }

    private ReplayMark Mark(Checkpoint checkpoint) => ReplayMark.Of(checkpoint, plan.Trained.Blocks, plan.Replicas);

    // What a run with replicas has come to is its centres.
    private static string Weights(ImmutableArray<Snapshot> snapshots) => WeightsHash.Sha256(snapshots.Where(snapshot => !BlockId.IsReplica(snapshot.Name)));
}
