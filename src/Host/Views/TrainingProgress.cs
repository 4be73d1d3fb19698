using System.Diagnostics;
using System.Globalization;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Host.Views;

/// <summary>One block as a view shows it.</summary>
/// <param name="Clock">Steps trained.</param>
/// <param name="Loss">Newest mean loss; NaN before the first step.</param>
/// <param name="SquaredError">Newest mean of ||u_hat - u_y||^2.</param>
/// <param name="Lead">Steps ahead of the least advanced block.</param>
/// <param name="StepsPerSecond">In the last seconds.</param>
internal sealed record BlockLine(long Clock, float Loss, float SquaredError, long Lead, double StepsPerSecond)
{
    /// <summary>Numbers of the block and of the replica, where there are some; otherwise empty.</summary>
    public string Name { get; init; } = "";
}

/// <summary>All that a view shows, at one moment.</summary>
/// <param name="Started">What is to be done; null before the run has begun.</param>
/// <param name="Blocks">The blocks in order.</param>
/// <param name="Epochs">Finished epochs.</param>
/// <param name="Incidents">Restarts, revoked leases, refused commits.</param>
/// <param name="StepsPerSecond">All blocks together, in the last seconds.</param>
internal sealed record ProgressSnapshot(
    RunStarted? Started, IReadOnlyList<BlockLine> Blocks, IReadOnlyList<EpochFinished> Epochs, IReadOnlyList<string> Incidents, double StepsPerSecond)
{
    /// <summary>Who takes part; null before that was first counted.</summary>
    public SlotCounts? Slots { get; init; }

    /// <summary>Steps of all blocks together.</summary>
    public long TotalSteps => Blocks.Sum(block => block.Clock);

    /// <summary>Steps that all blocks together are to make.</summary>
    public long TotalTarget => (Started?.Target ?? 0) * Blocks.Count;

    /// <summary>Time that the rest will take at the present rate; null where that is not known.</summary>
    public TimeSpan? Remaining => StepsPerSecond > 0 ? TimeSpan.FromSeconds((TotalTarget - TotalSteps) / StepsPerSecond) : null;
}

/// <summary>Collects a run's events for a view. Thread-safe: events come from actors, views read from their own thread.</summary>
/// <param name="blocks">Number of blocks, or of all their replicas.</param>
/// <param name="replicas">Replicas of each block.</param>
internal sealed class TrainingProgress(int blocks, int replicas = 1)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly BlockLine[] lines = [.. BlockId.UpTo(blocks, replicas).Select(block => new BlockLine(0, float.NaN, float.NaN, 0, 0) { Name = Name(block) })];
    private readonly Queue<(long At, int Block, long Steps)> recent = new();
    private readonly List<EpochFinished> epochs = [];
    private readonly List<string> incidents = [];
    private RunStarted? started;
    private PolicySettings policies = new();
    private SlotCounts? slots;
    private long begin;

    /// <summary>Takes an event in.</summary>
    public void Observe(RunEvent runEvent)
    {
        lock (gate)
        {
            switch (runEvent)
            {
                case RunStarted start:
                    (started, policies) = (start, start.Policies);
                    begin = Stopwatch.GetTimestamp();
                    for (int i = 0; i < lines.Length; i++)
                    {
                        lines[i] = lines[i] with { Clock = start.Clocks[i] };
                    }

                    break;
                case StepsTrained trained:
                    lines[trained.Block.Index] = lines[trained.Block.Index] with
                    {
                        Clock = trained.Steps.To,
                        Loss = trained.Loss,
                        SquaredError = trained.SquaredError,
                        Lead = trained.Lead,
                    };
                    recent.Enqueue((Stopwatch.GetTimestamp(), trained.Block.Index, trained.Steps.Count));
                    break;
                case EpochFinished epoch:
                    epochs.Add(epoch);
                    break;
                case ThroughputMeasured throughput:
                    slots = throughput.Slots;
                    break;
                case Restarted restarted:
                    incidents.Add($"{restarted.What} begins again from its last state: {restarted.Cause.Split('\n')[0]}");
                    break;
                case LeaseRevoked revoked:
                    incidents.Add($"lease on {revoked.Lease.Block} taken back: {revoked.Reason}");
                    break;
                case PoliciesSwitched switched:
                    incidents.Add($"after {switched.TotalSteps} block steps: {string.Join(", ", PolicyTable.Differences(policies, switched.Policies))}");
                    policies = switched.Policies;
                    break;
                case CommitRefused refused:
                    incidents.Add($"late commit of {refused.Lease.Block} by {refused.Lease.Worker} refused");
                    break;
            }
        }
    }

    private static string Name(BlockId block) =>
        block.Replicas > 1 ? string.Create(CultureInfo.InvariantCulture, $"{block.Block.Value} r{block.Replica + 1}") : "";

    /// <summary>The present state.</summary>
    public ProgressSnapshot Read()
    {
        lock (gate)
        {
            while (recent.TryPeek(out (long At, int Block, long Steps) oldest) && Stopwatch.GetElapsedTime(oldest.At) > RateWindow)
            {
                recent.Dequeue();
            }

            double window = Math.Min(RateWindow.TotalSeconds, started is null ? 0 : Stopwatch.GetElapsedTime(begin).TotalSeconds);
            double Rate(IEnumerable<(long At, int Block, long Steps)> steps) => window > 0 ? steps.Sum(step => step.Steps) / window : 0;
            return new(
                started,
                [.. lines.Select((line, i) => line with { StepsPerSecond = Rate(recent.Where(step => step.Block == i)) })],
                [.. epochs],
                [.. incidents],
                Rate(recent))
            {
                Slots = slots,
            };
        }
    }
}
