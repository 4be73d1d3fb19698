using System.Collections.Immutable;
using System.Diagnostics;
using NoProp.Actors.Protocol;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <summary>Time and work of a run. Not thread-safe.</summary>
/// <param name="before">Wall time of earlier sessions of the same run.</param>
/// <param name="begin">The run as this session found it.</param>
internal sealed class RunMeter(TimeSpan before, RunState begin)
{
    private readonly Stopwatch watch = new();
    private long steps;
    private TimeSpan computeTime;

    private (TimeSpan At, long Steps) measured = (TimeSpan.Zero, begin.TotalSteps);

    /// <summary>Who takes part.</summary>
    public SlotMeter Leases { get; } = new();

    /// <summary>Wall time of this session.</summary>
    public TimeSpan Elapsed => watch.Elapsed;

    /// <summary>Wall time of all sessions.</summary>
    public TimeSpan Total => before + watch.Elapsed;

    public void Start() => watch.Start();

    public void Stop() => watch.Stop();

    public void Add(int count, TimeSpan time) => (steps, computeTime) = (steps + count, computeTime + time);

    /// <summary>How fast the run has gone since this was last asked for; null where no time has passed.</summary>
    public ThroughputMeasured? Throughput(RunState state)
    {
        TimeSpan now = Elapsed;
        double seconds = (now - measured.At).TotalSeconds;
        if (seconds <= 0)
        {
            return null;
        }

        double rate = (state.TotalSteps - measured.Steps) / seconds;
        measured = (now, state.TotalSteps);
        return new(state.TotalSteps, rate, Leases.Recent(now), Total);
    }

    public RunFigures Figures(RunState state, ImmutableArray<double> accuracy, ImmutableArray<Snapshot> snapshots)
    {
        double seconds = Elapsed.TotalSeconds;
        long balanced = state.Goal.Blocks * (state.MinClock - begin.MinClock);
        // What the slots could have made, had each done nothing but steps of the mean length.
        SlotCounts slots = Leases.Mean(Elapsed);
        double possible = steps == 0 ? 0 : slots.Alive * seconds / (computeTime.TotalSeconds / steps);
        bool whole = snapshots.Length == state.Goal.Blocks / state.Goal.Replicas + 1;
        return new RunFigures(
            accuracy,
            state.EpochsDone,
            state.TotalSteps,
            seconds > 0 ? (state.TotalSteps - begin.TotalSteps) / seconds : 0,
            possible > 0 ? balanced / possible : 0,
            Total,
            whole ? WeightsHash.Sha256(snapshots) : "")
        {
            Slots = slots,
        };
    }
}
