using NoProp.Actors.Protocol;
using NoProp.Actors.Recording;

namespace NoProp.Host.Report;

/// <summary>Where a run was, on the three axes that runs are compared on.</summary>
/// <param name="Updates">Steps of all blocks together.</param>
/// <param name="Samples">Images that each block has used, mean over the blocks; the last batch of an epoch counts as a whole one.</param>
/// <param name="Seconds">Time spent training, earlier sessions included.</param>
internal readonly record struct Place(double Updates, double Samples, double Seconds);

/// <summary>A test of the chain.</summary>
/// <param name="At">When.</param>
/// <param name="PerBlock">Accuracy after each block, 0..1.</param>
internal sealed record AccuracyPoint(Place At, IReadOnlyList<double> PerBlock)
{
    /// <summary>Accuracy of the whole chain, 0..1.</summary>
    public double Accuracy => PerBlock[^1];
}

/// <summary>Losses of one block, mean over a few steps.</summary>
/// <param name="At">When the last of them was made.</param>
/// <param name="Block">Its number, from 1.</param>
/// <param name="SquaredError">Mean ||u_hat - u_y||^2, comparable between blocks and methods.</param>
/// <param name="MeanOfBlocks">Mean of the newest such numbers of all blocks; NaN until each has one.</param>
internal sealed record LossPoint(Place At, int Block, double SquaredError, double MeanOfBlocks);

/// <summary>Where the time of a block or a worker went, in seconds.</summary>
internal readonly record struct TimeShares(double Compute, double Batch, double Shared, double Lease, double Slot)
{
    /// <summary>The sum of two.</summary>
    public static TimeShares operator +(TimeShares a, TimeShares b) =>
        new(a.Compute + b.Compute, a.Batch + b.Batch, a.Shared + b.Shared, a.Lease + b.Lease, a.Slot + b.Slot);
}

/// <summary>What was counted of one block, in all sessions.</summary>
internal sealed class BlockCounts
{
    /// <summary>Steps ahead of the least advanced block, a number a commit.</summary>
    public Histogram Lead { get; } = new();

    /// <summary>Lag of the shared parameters, a number a gradient.</summary>
    public Histogram Lag { get; } = new();

    /// <summary>What became of the gradients, by the word for it.</summary>
    public Dictionary<string, long> Fates { get; } = [];

    /// <summary>Sum of the lengths of W's movements.</summary>
    public double Movement { get; set; }

    /// <summary>Steps that were committed.</summary>
    public long Steps { get; set; }

    /// <summary>Where the time went.</summary>
    public TimeShares Time { get; set; }

    /// <summary>Counts what another session has counted too.</summary>
    public void Add(BlockCounts other)
    {
        Lead.Add(other.Lead);
        Lag.Add(other.Lag);
        foreach ((string fate, long count) in other.Fates)
        {
            Fates[fate] = Fates.GetValueOrDefault(fate) + count;
        }

        (Movement, Steps, Time) = (Movement + other.Movement, Steps + other.Steps, Time + other.Time);
    }
}

/// <summary>A gradient that was compared with a fresh one.</summary>
internal readonly record struct ProbePoint(int Block, long Lag, double Cosine);

/// <summary>How fast the run went, and with whom.</summary>
internal sealed record ThroughputPoint(double Seconds, double StepsPerSecond, SlotCounts Slots);

/// <summary>Something out of the ordinary, or a switch of policies.</summary>
/// <param name="Time">When, UTC.</param>
/// <param name="Kind">What, as a heading of a count.</param>
/// <param name="Text">What exactly.</param>
internal sealed record Incident(DateTime Time, string Kind, string Text);

/// <summary>All that a report shows of one run.</summary>
/// <param name="Name">A short name, another one for each run of the report.</param>
/// <param name="Path">Its folder.</param>
internal sealed record ReportRun(string Name, string Path)
{
    /// <summary>Number of blocks; 0 where the run has not begun.</summary>
    public int Blocks { get; init; }

    /// <summary>Settings by path, as in <c>run.conf</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The result; null where there is none.</summary>
    public RunSummary? Summary { get; init; }

    /// <summary>Tests, in order.</summary>
    public List<AccuracyPoint> Accuracy { get; } = [];

    /// <summary>Losses, in order.</summary>
    public List<LossPoint> Losses { get; } = [];

    /// <summary>Counts, by number of the block.</summary>
    public SortedDictionary<int, BlockCounts> Counts { get; } = [];

    /// <summary>Time by worker.</summary>
    public SortedDictionary<string, TimeShares> Workers { get; } = new(StringComparer.Ordinal);

    /// <summary>Sampled gradients.</summary>
    public List<ProbePoint> Probes { get; } = [];

    /// <summary>Throughput over time.</summary>
    public List<ThroughputPoint> Throughput { get; } = [];

    /// <summary>Restarts, revoked leases, refused commits.</summary>
    public List<Incident> Incidents { get; } = [];

    /// <summary>Switches of policies.</summary>
    public List<Incident> Switches { get; } = [];

    /// <summary>Where the policies were switched.</summary>
    public List<Place> SwitchPlaces { get; } = [];

    /// <summary>What is not there, and why, a sentence each.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Gradients with this fate, of all blocks.</summary>
    public long Fate(string fate) => Counts.Values.Sum(block => block.Fates.GetValueOrDefault(fate));
}
