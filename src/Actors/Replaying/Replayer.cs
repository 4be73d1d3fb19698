using System.Collections.Immutable;
using NoProp.Actors.Policies;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Replicas;
using NoProp.Models.Training;
using TorchSharp;

namespace NoProp.Actors.Replaying;

/// <summary>A state of a run that its replay is to be compared with.</summary>
/// <param name="Step">Its name: steps of all blocks.</param>
/// <param name="Records">Records of the log that lead to its head.</param>
/// <param name="Clocks">Clocks of its blocks, by <see cref="BlockId.Index"/>.</param>
public sealed record ReplayMark(long Step, long Records, ImmutableArray<long> Clocks)
{
    /// <summary>Clocks of the centres of blocks that have replicas; empty where there are none.</summary>
    public ImmutableArray<long> Centers { get; init; } = [];

    /// <summary>The mark of a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="blocks">Number of its blocks; of all their replicas, where they have such.</param>
    /// <param name="replicas">Replicas of each block.</param>
    public static ReplayMark Of(Checkpoint checkpoint, int blocks, int replicas = 1)
    {
        return new(checkpoint.Step, TrainerActor.HistoryOf(checkpoint), [.. BlockId.UpTo(blocks, replicas).Select(Clock)])
        {
            Centers = replicas > 1 ? [.. BlockId.UpTo(blocks / replicas).Select(Clock)] : [],
        };

        long Clock(BlockId block) => checkpoint.Snapshots.FirstOrDefault(snapshot => snapshot.Name == block.FileName)?.Clock ?? 0;
    }
}

/// <summary>
/// Makes a run again from its log, on one thread: the steps of blocks and of the head in the order in which the head took them in, each with
/// the version of the shared parameters that it was made with. Ends with the same weights, bit for bit. Not thread-safe.
/// </summary>
public sealed class Replayer : IDisposable
{
    private readonly IMethod method;
    private readonly BatchSource batches;
    private readonly ulong seed;
    private readonly PolicyCatalog catalog;
    private readonly ImmutableArray<ReplayEntry> entries;
    private readonly ImmutableArray<ReplayMark> marks;
    private readonly ReplayScan scan;
    private readonly IBlockCompute?[] blocks;
    private readonly ReplayMark? end;
    private readonly ReplayMeetings? meetings;
    private readonly Dictionary<(BlockId Block, long Step), Snapshot> kept = [];
    private readonly Dictionary<long, Snapshot?> keptHeads = [];
    private readonly Dictionary<SeenVersion, SharedVersion> versions = [];
    private SharedServer? server;
    private int segment;

    /// <summary>A replay at its beginning.</summary>
    /// <param name="method">What was trained.</param>
    /// <param name="batches">Mini-batches by step, as the run had them.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="catalog">Where the log's policies are found by name.</param>
    /// <param name="entries">The log.</param>
    /// <param name="marks">States to stop at on the way.</param>
    /// <param name="replicas">
    /// Where blocks have replicas, how they were brought together, and the checkpoint to replay up to: its centres hold the order in which they met.
    /// </param>
    /// <exception cref="NoPropException">It cannot be the log of this run.</exception>
    public Replayer(
        IMethod method,
        BatchSource batches,
        ulong seed,
        PolicyCatalog catalog,
        ImmutableArray<ReplayEntry> entries,
        IEnumerable<ReplayMark>? marks = null,
        (ReplicaRule Rule, Checkpoint Last)? replicas = null)
    {
        if (replicas is { } together)
        {
            end = ReplayMark.Of(together.Last, method.Blocks, method.Replicas);
            entries = entries.Length < end.Records
                ? throw new NoPropException($"the replay log ends after {entries.Length} of the {end.Records} records that lead to the checkpoint")
                : entries[..(int)end.Records];
            meetings = new(method, together.Rule, batches.StepsPerEpoch / method.Replicas, together.Last, Come, GoOn);
        }

        (this.method, this.batches, this.seed, this.catalog, this.entries) = (method, batches, seed, catalog, entries);
        this.marks = [.. marks ?? []];
        scan = new(entries, method.Blocks);
        blocks = new IBlockCompute?[method.Blocks];
        foreach (ReplayMark mark in this.marks)
        {
            foreach (BlockId block in BlockId.UpTo(method.Blocks))
            {
                scan.Keep(block, mark.Clocks[block.Index]);
            }
        }
    }

    /// <summary>Records replayed.</summary>
    public int Records { get; private set; }

    /// <summary>Steps of blocks that have had their effect, whatever it was.</summary>
    public long BlockSteps => server?.BlockSteps ?? 0;

    /// <summary>Replays until the log ends or so many block steps have had their effect.</summary>
    /// <param name="until">Block steps.</param>
    /// <param name="reached">Told each mark that is reached, with the states of its blocks and head.</param>
    /// <param name="progress">Told after each record.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="NoPropException">The log does not fit the run.</exception>
    public void Run(
        long until = long.MaxValue, Action<ReplayMark, ImmutableArray<Snapshot>>? reached = null, Action? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.UseOneThread();
        for (; Records < entries.Length && BlockSteps < until; Records++)
        {
            cancellation.ThrowIfCancellationRequested();
            Reach(reached);
            if (scan.HeadReturnsTo(Records))
            {
                keptHeads[Records] = server?.Snapshot();
            }

            Replay(entries[Records]);
            Capture();
            progress?.Invoke();
        }

        Reach(reached);
        if (Records == entries.Length && end is not null)
        {
            meetings!.UpTo(end.Centers);
        }
    }

    /// <summary>States of the blocks in order, without those at their beginning, of the centres of their replicas, where they have such, and of the head.</summary>
    public ImmutableArray<Snapshot> Snapshots() => [.. blocks.OfType<IBlockCompute>().Select(block => block.Snapshot()), .. CenterSnapshots(), .. HeadSnapshot()];

    /// <inheritdoc/>
    public void Dispose()
    {
        server?.Dispose();
        Array.ForEach(blocks, block => block?.Dispose());
    }

    private void Replay(ReplayEntry entry)
    {
        switch (entry)
        {
            case ReplayEntry.Session session:
                // A session begins from what was saved; that of the first one is nothing.
                Begin(session.Policies, server?.Snapshot());
                break;
            case ReplayEntry.Back back:
                Begin(back.Policies, keptHeads[back.Entries]);
                break;
            case ReplayEntry.Switch switched:
                Server.Switch(catalog.Parse(switched.Policies));
                segment++;
                break;
            case ReplayEntry.Lost:
                Server.TakeNothing();
                break;
            case ReplayEntry.Taken taken:
                (SharedGradient gradient, SharedVersion pinned) = Step(taken.Block, taken.Step, taken.Version);
                Server.Take(gradient, pinned);
                break;
            case ReplayEntry.Unheard unheard:
                Step(unheard.Block, unheard.Step, unheard.Version);
                break;
            default:
                throw new NoPropException($"record {Records} of the replay log ({entry}) cannot be replayed");
        }
    }

    private SharedServer Server => server ?? throw new NoPropException($"record {Records} of the replay log comes before any session has begun");

    private void Begin(PolicySettings policies, Snapshot? from)
    {
        server?.Dispose();
        server = new(method, batches, seed, catalog.Parse(policies), from);
        segment++;
    }

    private (SharedGradient Gradient, SharedVersion Pinned) Step(BlockId block, long step, long version)
    {
        SeenVersion seen = new(segment, version, block);
        if (!versions.TryGetValue(seen, out SharedVersion? pinned))
        {
            throw new NoPropException($"record {Records} of the replay log uses version {version} of the shared parameters, which was never there");
        }

        if (scan.LastUse(seen) == Records)
        {
            versions.Remove(seen);
        }

        IBlockCompute compute = At(block, step);
        using DisposeScope scope = torch.NewDisposeScope();
        using Batch batch = batches.Prepare(method.BatchStep(block, step));
        return (new(block, step, version, compute.StepAndRead(batch, pinned).SharedGradient), pinned);
    }

    /// <summary>The block at a step: where it stands, or back at a state that was kept.</summary>
    private IBlockCompute At(BlockId block, long step)
    {
        meetings?.Before(block, step);
        IBlockCompute? compute = blocks[block.Index];
        if (compute is null || compute.Clock != step)
        {
            compute?.Dispose();
            compute = blocks[block.Index] = method.CreateBlock(block, step == 0 ? null : kept[(block, step)]);
        }

        if (step > 0 && scan.ReturnsTo(block, step))
        {
            kept[(block, step)] = compute.Snapshot();
        }

        return compute;
    }

    private void Capture()
    {
        if (server is null)
        {
            return;
        }

        foreach (BlockId block in scan.Users(segment, server.Version))
        {
            SeenVersion seen = new(segment, server.Version, block);
            if (!versions.ContainsKey(seen) && scan.LastUse(seen) > Records)
            {
                versions[seen] = server.SharedFor(block);
            }
        }
    }

    private void Reach(Action<ReplayMark, ImmutableArray<Snapshot>>? reached)
    {
        foreach (ReplayMark mark in marks.Where(mark => mark.Records == Records))
        {
            meetings?.UpTo(mark.Centers);
            reached?.Invoke(
                mark,
                [.. BlockId.UpTo(method.Blocks).Select(block => Snapshot(block, mark.Clocks[block.Index])).OfType<Snapshot>(), .. CenterSnapshots(), .. HeadSnapshot()]);
        }
    }

    private Snapshot? Snapshot(BlockId block, long clock) =>
        clock == 0 ? null : blocks[block.Index] is { } compute && compute.Clock == clock ? compute.Snapshot() : kept.GetValueOrDefault((block, clock));

    private Snapshot Come(BlockId replica, long step) =>
        blocks[replica.Index] is { } compute && compute.Clock == step
            ? compute.Snapshot()
            : throw new NoPropException($"record {Records} of the replay log needs what {replica} brought to a meeting at step {step}, and it is not there");

    private void GoOn(BlockId replica, Snapshot state)
    {
        blocks[replica.Index]?.Dispose();
        blocks[replica.Index] = method.CreateBlock(replica, state);
    }

    private IEnumerable<Snapshot> CenterSnapshots() => meetings?.States ?? [];

    private IEnumerable<Snapshot> HeadSnapshot() => server is null ? [] : [server.Snapshot()];
}
