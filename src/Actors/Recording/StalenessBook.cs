using NoProp.Actors.Protocol;

namespace NoProp.Actors.Recording;

/// <summary>
/// How far blocks ran ahead, how stale their gradients were, what became of these, and where the time went: all of a session, by block and
/// by worker. Steps that a kill undoes, and that a later session makes again, were made twice and are counted twice. Not thread-safe.
/// </summary>
public sealed class StalenessBook
{
    private readonly SortedDictionary<int, BlockStaleness> blocks = [];
    private readonly SortedDictionary<string, TimeSpent> workers = new(StringComparer.Ordinal);

    /// <summary>By number of the block, from 1.</summary>
    public IReadOnlyDictionary<int, BlockStaleness> Blocks => blocks;

    /// <summary>Time of each worker, by its name.</summary>
    public IReadOnlyDictionary<string, TimeSpent> Workers => workers;

    /// <summary>Whether nothing has been counted.</summary>
    public bool IsEmpty => blocks.Count == 0;

    /// <summary>Counts steps that were committed.</summary>
    public void Add(StepsTrained trained)
    {
        BlockStaleness block = Block(trained.Block.Block.Value);
        block.Lead.Add(trained.Lead);
        block.Time.Add(trained);
        if (!workers.TryGetValue(trained.Worker, out TimeSpent? worker))
        {
            workers.Add(trained.Worker, worker = new());
        }

        worker.Add(trained);
    }

    /// <summary>Counts gradients that the head has taken in.</summary>
    public void Add(UpdatesTaken taken)
    {
        foreach (UpdateTaken update in taken.Updates)
        {
            Block(update.Block.Block.Value).Add(update);
        }
    }

    /// <summary>Share of a block in the lengths of all movements of W; null where W has not moved.</summary>
    public double? ShareOfMovement(int block)
    {
        double all = blocks.Values.Sum(each => each.Movement);
        return all > 0 && blocks.TryGetValue(block, out BlockStaleness? known) ? known.Movement / all : null;
    }

    /// <summary>What stands in a record of the metrics.</summary>
    public object ToRecord() => new
    {
        blocks = blocks.Select(pair => new
        {
            block = pair.Key,
            lead = Written(pair.Value.Lead),
            lag = Written(pair.Value.Lag),
            fates = Enum.GetValues<UpdateFate>().ToDictionary(fate => fate.ToString().ToLowerInvariant(), pair.Value.Fate),
            movement = pair.Value.Movement,
            movementShare = ShareOfMovement(pair.Key),
            time = pair.Value.Time.ToRecord(),
        }).ToArray(),
        workers = workers.Select(pair => new { worker = pair.Key, time = pair.Value.ToRecord() }).ToArray(),
    };

    private static object Written(Histogram histogram) => new { counts = histogram.Counts, histogram.Mean, histogram.Max };

    private BlockStaleness Block(int number)
    {
        if (!blocks.TryGetValue(number, out BlockStaleness? block))
        {
            blocks.Add(number, block = new());
        }

        return block;
    }
}

/// <summary>What was counted of one block.</summary>
public sealed class BlockStaleness
{
    private readonly long[] fates = new long[Enum.GetValues<UpdateFate>().Length];

    /// <summary>Steps ahead of the least advanced block after each commit: one number a commit.</summary>
    public Histogram Lead { get; } = new();

    /// <summary>
    /// Versions between the one that a step was computed with and the one that its gradient met: one number a gradient. One version counts for
    /// all that is shared, so it is the lag of W, of the classifier and of the schedule.
    /// </summary>
    public Histogram Lag { get; } = new();

    /// <summary>Sum of the lengths of W's movements by the block's gradients.</summary>
    public double Movement { get; private set; }

    /// <summary>Where the block's time went.</summary>
    public TimeSpent Time { get; } = new();

    /// <summary>Gradients with this fate.</summary>
    public long Fate(UpdateFate fate) => fates[(int)fate];

    internal void Add(UpdateTaken update)
    {
        Lag.Add(update.Lag);
        fates[(int)update.Fate]++;
        Movement += update.EmbeddingMove;
    }
}

/// <summary>Where the time of a block or of a worker went.</summary>
public sealed class TimeSpent
{
    /// <summary>Steps that were committed.</summary>
    public long Steps { get; private set; }

    /// <summary>Time of their arithmetic.</summary>
    public TimeSpan Compute { get; private set; }

    /// <summary>Time spent waiting for them.</summary>
    public WaitTimes Waited { get; private set; }

    internal void Add(StepsTrained trained)
    {
        Steps += trained.Steps.Count;
        Compute += trained.ComputeTime;
        Waited += trained.Waited;
    }

    internal object ToRecord() => new
    {
        steps = Steps,
        compute = Compute.TotalSeconds,
        batch = Waited.Batch.TotalSeconds,
        shared = Waited.Shared.TotalSeconds,
        lease = Waited.Lease.TotalSeconds,
        slot = Waited.Slot.TotalSeconds,
    };
}
