using System.Collections.Immutable;
using NoProp.Actors.Policies;

namespace NoProp.Actors.Simulation;

/// <summary>What a simulated run is made of. Times are means; the same settings give the same run.</summary>
/// <param name="Policies">Policies that hold at the beginning.</param>
public sealed record SimulationSettings(PolicySet Policies)
{
    /// <summary>Number of blocks T.</summary>
    public int Blocks { get; init; } = 10;

    /// <summary>Replicas of each block.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Steps that each block, or each replica of one, makes.</summary>
    public long Steps { get; init; } = 1_000;

    /// <summary>Time of a meeting of replicas, from the last one's arrival.</summary>
    public TimeSpan MeetingTime { get; init; }

    /// <summary>Steps in an epoch: the order of <c>algorithm1</c> depends on it.</summary>
    public int StepsPerEpoch { get; init; } = 100;

    /// <summary>Slots of each worker, one entry a worker.</summary>
    public ImmutableArray<int> Slots { get; init; } = [1, 1, 1, 1];

    /// <summary>How many times as long as the fastest each worker needs for a step, one entry a worker; all equal where it is empty.</summary>
    public ImmutableArray<double> Slowness { get; init; } = [];

    /// <summary>Mean time of a step on a worker of slowness 1.</summary>
    public TimeSpan StepTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Spread of a step's time: standard deviation of its logarithm, a lognormal distribution with the mean above.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>Time between the last step of a lease and its commit, and between a grant and the first step.</summary>
    public TimeSpan CommitTime { get; init; }

    /// <summary>Time of a step of the head.</summary>
    public TimeSpan HeadTime { get; init; }

    /// <summary>Mean time between two deaths of a random worker, exponentially distributed; null for none.</summary>
    public TimeSpan? KillEvery { get; init; }

    /// <summary>Deaths of certain workers at certain times, beside the random ones.</summary>
    public ImmutableArray<(TimeSpan At, int Worker)> Kills { get; init; } = [];

    /// <summary>Time until a dead worker is back.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Mean time between two stalls of a random worker, which then does nothing for a time and knows nothing of it; null for none.</summary>
    public TimeSpan? StallEvery { get; init; }

    /// <summary>Length of a stall.</summary>
    public TimeSpan StallFor { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Time without a sign of life after which a lease is taken back.</summary>
    public TimeSpan LeaseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bits a second of the line to the node of trainer and head, shared by all workers; null where all is on one machine.</summary>
    public double? Link { get; init; }

    /// <summary>Time that a message needs beside its bytes.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Numbers that blocks share and move, float32 each; 0 where they share none.</summary>
    public long SharedValues { get; init; }

    /// <summary>Bytes of a block's state, which goes with each commit, and with a grant to a worker that has not the newest.</summary>
    public long SnapshotBytes { get; init; } = 1_100_000;

    /// <summary>Weight of each block in a weighted choice; all the same where it is empty.</summary>
    public ImmutableArray<double> Weights { get; init; } = [];

    /// <summary>Policies that are switched to in turn while the run goes on.</summary>
    public ImmutableArray<PolicySet> Switches { get; init; } = [];

    /// <summary>Mean time between two switches, exponentially distributed; null for none.</summary>
    public TimeSpan? SwitchEvery { get; init; }

    /// <summary>Seed of all times and accidents.</summary>
    public ulong Seed { get; init; }

    /// <summary>Blocks, or replicas of all blocks together.</summary>
    public int Units => Blocks * Replicas;

    /// <summary>Whether blocks share what they move.</summary>
    public bool Coupled => SharedValues > 0;

    /// <summary>Steps a second that all workers together can make.</summary>
    public double IdealRate => Slots.Select((slots, i) => slots / Factor(i)).Sum() / StepTime.TotalSeconds;

    internal double Factor(int worker) => Slowness.IsEmpty ? 1 : Slowness[worker];
}
