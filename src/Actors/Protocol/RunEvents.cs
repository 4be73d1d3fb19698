using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Replaying;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Protocol;

// What the trainer tells the recorder and whoever else watches a run.

/// <summary>Something worth telling about a run.</summary>
public abstract record RunEvent;

/// <summary>The run begins or goes on.</summary>
/// <param name="Clocks">Steps of each block.</param>
/// <param name="Target">Steps that each block is to make.</param>
/// <param name="StepsPerEpoch">Mini-batches in an epoch.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Slots">Blocks trained at once.</param>
public sealed record RunStarted(ImmutableArray<long> Clocks, long Target, int StepsPerEpoch, int Epochs, int Slots) : RunEvent
{
    /// <summary>The policies that hold.</summary>
    public PolicySettings Policies { get; init; } = new();

    /// <summary>Time spent training in earlier sessions.</summary>
    public TimeSpan Elapsed { get; init; }
}

/// <summary>A block has trained steps, and they are committed.</summary>
/// <param name="Block">The block.</param>
/// <param name="Steps">Which steps.</param>
/// <param name="Loss">Mean of the objective's term.</param>
/// <param name="SquaredError">Mean of ||u_hat - u_y||^2.</param>
/// <param name="Lead">Steps ahead of the least advanced block, after the commit.</param>
/// <param name="ComputeTime">Time that the arithmetic took.</param>
/// <param name="Worker">Who trained.</param>
public sealed record StepsTrained(
    BlockId Block, StepRange Steps, float Loss, float SquaredError, long Lead, TimeSpan ComputeTime, string Worker) : RunEvent
{
    /// <summary>Time spent waiting for these steps.</summary>
    public WaitTimes Waited { get; init; }
}

/// <summary>The head has trained.</summary>
/// <param name="Clock">Steps in all.</param>
/// <param name="Loss">Mean cross-entropy.</param>
public sealed record HeadTrained(long Clock, float Loss) : RunEvent;

/// <summary>What became of a gradient that a block has sent to the head.</summary>
public enum UpdateFate
{
    /// <summary>It moved the shared parameters.</summary>
    Applied,

    /// <summary>It is kept for a round of all blocks.</summary>
    Held,

    /// <summary>Its lag was too large; the head made its step with its own terms alone.</summary>
    Rejected,

    /// <summary>The step was made before, by a holder that has lost its lease, and had its effect then.</summary>
    Repeated,
}

/// <summary>A gradient of a block, as the head has taken it in.</summary>
/// <param name="Block">The block.</param>
/// <param name="Step">Its step.</param>
/// <param name="Version">The version that the step was computed with.</param>
/// <param name="Lag">Versions between that one and the one that it met.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="EmbeddingMove">Length of W's movement by it, the L2 norm of all its numbers; 0 where W is fixed or did not move.</param>
public readonly record struct UpdateTaken(BlockId Block, long Step, long Version, long Lag, UpdateFate Fate, float EmbeddingMove);

/// <summary>The head has taken gradients in, in this order.</summary>
/// <param name="Updates">Each gradient.</param>
public sealed record UpdatesTaken(ImmutableArray<UpdateTaken> Updates) : RunEvent;

/// <summary>
/// A sampled gradient, compared with the one that the same weights, mini-batch and noise give at the version that it met at the head. The
/// weights are those right after the step.
/// </summary>
/// <param name="Block">The block.</param>
/// <param name="Step">Its step.</param>
/// <param name="Version">The version that the step was computed with.</param>
/// <param name="Lag">Versions between that one and the one that it met.</param>
/// <param name="Cosine">Cosine of the angle between the two, of their parts for W, or of all where W is fixed.</param>
public sealed record GradientProbed(BlockId Block, long Step, long Version, long Lag, double Cosine) : RunEvent;

/// <summary>How fast a run goes at the moment.</summary>
/// <param name="TotalSteps">Steps of all blocks together.</param>
/// <param name="StepsPerSecond">Of all blocks together, since the last such event.</param>
/// <param name="Slots">Who takes part in it, mean over the same time.</param>
/// <param name="Elapsed">Time spent training, earlier sessions included.</param>
public sealed record ThroughputMeasured(long TotalSteps, double StepsPerSecond, SlotCounts Slots, TimeSpan Elapsed) : RunEvent;

/// <summary>The head has done this, in this order: what a replay needs.</summary>
/// <param name="Entries">Each thing.</param>
public sealed record HeadHistory(ImmutableArray<ReplayEntry> Entries) : RunEvent;

/// <summary>Every block has finished an epoch, and the chain was tested.</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="TestAccuracyPerBlock">Accuracy after each block, 0..1.</param>
/// <param name="TotalSteps">Steps of all blocks together when the epoch ended.</param>
/// <param name="Elapsed">Time since the run began, earlier sessions included.</param>
public sealed record EpochFinished(int Epoch, ImmutableArray<double> TestAccuracyPerBlock, long TotalSteps, TimeSpan Elapsed) : RunEvent
{
    /// <summary>Accuracy of the whole chain, 0..1.</summary>
    public double TestAccuracy => TestAccuracyPerBlock[^1];
}

/// <summary>A block, or the head, failed and begins again from its last committed state.</summary>
public sealed record Restarted(string What, string Cause) : RunEvent;

/// <summary>A lease was taken back.</summary>
public sealed record LeaseRevoked(Lease Lease, string Reason) : RunEvent;

/// <summary>A commit came under a lease that is no longer valid.</summary>
public sealed record CommitRefused(Lease Lease) : RunEvent;

/// <summary>Other policies hold from here on: nothing was under way when they were switched.</summary>
/// <param name="Fence">Counts the switches.</param>
/// <param name="Policies">The policies that hold now.</param>
/// <param name="TotalSteps">Steps of all blocks together when they were switched.</param>
public sealed record PoliciesSwitched(long Fence, PolicySettings Policies, long TotalSteps) : RunEvent;

/// <summary>A checkpoint is on disk.</summary>
public sealed record CheckpointSaved(long Step) : RunEvent;

/// <summary>How a run ended.</summary>
public enum RunOutcome
{
    /// <summary>The goal is reached.</summary>
    Completed,

    /// <summary>Somebody stopped it; it can be resumed.</summary>
    Stopped,

    /// <summary>It could not go on.</summary>
    Failed,
}

/// <summary>The run is over.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Reason">Why, where it failed.</param>
/// <param name="Figures">What was measured.</param>
/// <param name="Snapshots">The blocks in order, then the head; without those that have no state yet.</param>
public sealed record RunEnded(RunOutcome Outcome, string? Reason, RunFigures Figures, ImmutableArray<Snapshot> Snapshots) : RunEvent;

/// <summary>What a run comes to.</summary>
/// <param name="TestAccuracyPerBlock">Accuracy after each block at the last test, 0..1; empty if none was made.</param>
/// <param name="Epochs">Epochs that every block has finished.</param>
/// <param name="BlockSteps">Steps of all blocks together.</param>
/// <param name="BlockStepsPerSecond">The same in this session, by its wall time.</param>
/// <param name="BalancedProgress">T * min clock in this session, by all the steps that its slots could have made: 1 is ideal.</param>
/// <param name="WallTime">Time spent training, earlier sessions included.</param>
/// <param name="WeightsSha256">SHA-256 over all weights, or empty if a block has none yet.</param>
public sealed record RunFigures(
    ImmutableArray<double> TestAccuracyPerBlock,
    int Epochs,
    long BlockSteps,
    double BlockStepsPerSecond,
    double BalancedProgress,
    TimeSpan WallTime,
    string WeightsSha256)
{
    /// <summary>Slots in this session, mean over its time.</summary>
    public SlotCounts Slots { get; init; }
}
