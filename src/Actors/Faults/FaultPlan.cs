using System.Collections.Immutable;
using System.Globalization;

namespace NoProp.Actors.Faults;

/// <summary>What a file of faults says.</summary>
/// <param name="Seed">Seed of every choice.</param>
/// <param name="Trainers">Trainers' nodes to start with, <c>trainer-1</c> and on.</param>
/// <param name="Workers">Workers' nodes to start with, <c>worker-1</c> and on.</param>
/// <param name="Slots">Blocks that each worker trains at once.</param>
/// <param name="Sleep">Time that each step sleeps instead of computing; null where steps compute.</param>
/// <param name="Faults">The faults in the order of the file.</param>
public sealed record FaultPlan(ulong Seed, int Trainers, int Workers, int Slots, TimeSpan? Sleep, ImmutableArray<Fault> Faults)
{
    /// <summary>Stands for a worker that the seed chooses.</summary>
    public const string AnyWorker = "any-worker";

    /// <summary>Stands for the node that holds the trainer when the fault comes.</summary>
    public const string Trainer = "trainer";

    /// <summary>Whether nodes are cut off from others.</summary>
    public bool Cuts => Faults.Any(fault => fault.Kind == FaultKind.Partition);

    /// <summary>The n-th worker, from 1.</summary>
    public static string WorkerName(int n) => string.Create(CultureInfo.InvariantCulture, $"worker-{n}");

    /// <summary>The n-th node for trainers, from 1.</summary>
    public static string TrainerName(int n) => string.Create(CultureInfo.InvariantCulture, $"trainer-{n}");
}

/// <summary>What is done.</summary>
public enum FaultKind
{
    /// <summary>SIGKILL; the process is started again.</summary>
    Kill,

    /// <summary>SIGSTOP, and SIGCONT after a time.</summary>
    Stop,

    /// <summary>The node hands over, leaves and ends.</summary>
    Leave,

    /// <summary>One more worker.</summary>
    Join,

    /// <summary>The process gets one part of the time only.</summary>
    Slow,

    /// <summary>Workers cannot reach the trainers' nodes, nor be reached from there.</summary>
    Partition,

    /// <summary>The head throws once.</summary>
    Head,

    /// <summary>The trainer's node cannot write files.</summary>
    Disk,

    /// <summary>A byte of the newest checkpoint is changed.</summary>
    Corrupt,
}

/// <summary>What the times of faults are counted in.</summary>
public enum FaultUnit
{
    /// <summary>Committed block steps.</summary>
    Steps,

    /// <summary>Hundredths of the run's block steps.</summary>
    Percent,

    /// <summary>Times from the start of a worker's process to its first committed step, as measured in the same run.</summary>
    ColdStarts,
}

/// <summary>When a fault comes.</summary>
/// <param name="Unit">What is counted.</param>
/// <param name="Amount">How much of it: from the beginning, or between two rounds.</param>
/// <param name="Rounds">How often it comes, each after the same amount.</param>
public readonly record struct FaultTime(FaultUnit Unit, double Amount, int Rounds);

/// <summary>One line of a file of faults.</summary>
/// <param name="Number">Which one, from 1.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Time">When.</param>
/// <param name="Targets">To which nodes; none where it is not done to one.</param>
/// <param name="For">How long; null where it has no length.</param>
/// <param name="Factor">By how much a node is slowed down; 1 otherwise.</param>
/// <param name="Restart">After which time a killed process is started again; null for never.</param>
public sealed record Fault(int Number, FaultKind Kind, FaultTime Time, ImmutableArray<string> Targets, TimeSpan? For, double Factor, TimeSpan? Restart)
{
    /// <summary>The fault as the file says it, without its time.</summary>
    public override string ToString()
    {
        string what = $"{FaultFile.Word(Kind)} {(Kind switch
        {
            FaultKind.Head => "fail",
            FaultKind.Disk => "full",
            FaultKind.Corrupt => "newest",
            _ => string.Join(", ", Targets),
        })}";
        return string.Create(CultureInfo.InvariantCulture, $"{what}{(Factor > 1 ? $", factor {Factor}" : "")}{(For is { } length ? $", for {length.TotalSeconds:0.###}s" : "")}");
    }
}
