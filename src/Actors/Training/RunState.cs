using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Actors.Policies;
using NoProp.Models;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Training;

/// <summary>Where a run is in its life.</summary>
public enum RunPhase
{
    /// <summary>Leases are granted.</summary>
    Running,

    /// <summary>No more leases until all that was done under the present policies has had its effect; then other policies hold.</summary>
    Fencing,

    /// <summary>No more leases; those that are out are awaited.</summary>
    Stopping,

    /// <summary>Nothing runs any more.</summary>
    Ended,
}

/// <summary>
/// All that the trainer knows, immutable. <see cref="RunLogic"/> says how it changes. What is asked at every event is counted along, so that
/// an event costs the same whatever the number of workers.
/// </summary>
public sealed record RunState
{
    private static readonly IComparer<(TimeSpan StepTime, string Name)> FastestFirst = Comparer<(TimeSpan StepTime, string Name)>.Create(
        (a, b) => a.StepTime != b.StepTime ? a.StepTime.CompareTo(b.StepTime) : string.CompareOrdinal(a.Name, b.Name));

    private RunState(RunGoal goal, ImmutableArray<BlockProgress> blocks)
    {
        (Goal, Blocks, Homeless) = (goal, blocks, blocks.Length);
        Everyone = [.. Enumerable.Range(0, blocks.Length)];
        TotalSteps = blocks.Sum(block => block.Clock);
        Meetings = blocks.Count(block => block.Meeting);
        (MinClock, AtMinimum) = Minimum(blocks);
    }

    /// <summary>What is to be reached.</summary>
    public RunGoal Goal { get; init; }

    /// <summary>The blocks, by <see cref="BlockId.Index"/>.</summary>
    public ImmutableArray<BlockProgress> Blocks { get; private init; }

    /// <summary>The workers that are there, by name.</summary>
    public ImmutableSortedDictionary<string, WorkerProgress> Workers { get; private init; } =
        ImmutableSortedDictionary.Create<string, WorkerProgress>(StringComparer.Ordinal);

    /// <summary>Workers with a free slot, the fastest first.</summary>
    public ImmutableSortedSet<(TimeSpan StepTime, string Name)> Idle { get; private init; } = ImmutableSortedSet.Create(FastestFirst);

    /// <summary>Workers that are gone and have blocks of their own, with the time at which they went.</summary>
    public ImmutableDictionary<string, TimeSpan> Away { get; init; } = ImmutableDictionary.Create<string, TimeSpan>(StringComparer.Ordinal);

    /// <summary>Steps of the blocks that the head has followed.</summary>
    public long HeadClock { get; init; }

    /// <summary>Leases granted so far.</summary>
    public long Grants { get; init; }

    /// <summary>Commits that were thrown away.</summary>
    public long RefusedCommits { get; init; }

    /// <summary>Where the run is in its life.</summary>
    public RunPhase Phase { get; init; }

    /// <summary>Switches of policies so far.</summary>
    public long Fence { get; init; }

    /// <summary>The policies that will hold after the fence; null where there is none ahead.</summary>
    public PolicySet? NextPolicies { get; init; }

    /// <summary>Steps of all blocks together.</summary>
    public long TotalSteps { get; private init; }

    /// <summary>The clock of the least advanced block.</summary>
    public long MinClock { get; private init; }

    /// <summary>Number of leases that are out.</summary>
    public int LeasesOut { get; private init; }

    /// <summary>Number of replicas that wait for a meeting.</summary>
    public int Meetings { get; private init; }

    /// <summary>How the replicas of each block meet, by the index of the block; empty where there are none.</summary>
    public ImmutableArray<ReplicaSchedule> Schedules { get; private init; } = [];

    /// <summary>Whether a meeting is under way whose replicas all have come, so that some of them will go on.</summary>
    public bool MeetingDue => Meetings > 0 && Schedules.Where((schedule, block) => IsDue(schedule, Blocks.AsSpan(block * Goal.Replicas, Goal.Replicas))).Any();

    /// <summary>Number of blocks that have no <see cref="BlockProgress.Home"/>.</summary>
    public int Homeless { get; private init; }

    /// <summary>Least <see cref="WorkerProgress.StepTime"/> of the workers that are there; zero where none is known.</summary>
    public TimeSpan FastestStep { get; private init; }

    /// <summary>Epochs that every block has finished; replicas with the meeting at its end.</summary>
    public int EpochsDone => (int)((MinClock - (Meetings > 0 && Blocks.Any(block => block.Meeting && block.Clock == MinClock) ? 1 : 0)) / Goal.StepsPerEpoch);

    /// <summary>Whether every block, and the head with them, has reached the goal.</summary>
    public bool Complete => MinClock >= Goal.Target && HeadClock >= TotalSteps && Meetings == 0;

    /// <summary>Leases that are out.</summary>
    public IEnumerable<Lease> Leases => Blocks.Where(block => block.Lease is not null).Select(block => block.Lease!);

    /// <summary>What a policy may see.</summary>
    public PolicyView View
    {
        get
        {
            ReadOnlySpan<BlockProgress> blocks = Blocks.AsSpan();
            long[] clocks = new long[blocks.Length];
            bool[] leased = new bool[blocks.Length];
            for (int i = 0; i < blocks.Length; i++)
            {
                BlockProgress block = blocks[i];
                clocks[i] = block.Clock;
                leased[i] = block.Lease is not null || block.Meeting;
            }

            return new(
                ImmutableCollectionsMarshal.AsImmutableArray(clocks),
                ImmutableCollectionsMarshal.AsImmutableArray(leased),
                Goal.StepsPerEpoch,
                Goal.Target,
                Grants,
                Goal.Seed)
            {
                Weights = Goal.Weights,
                Replicas = Goal.Replicas,
                Offers = Everyone,
                MinClock = MinClock,
            };
        }
    }

    private ImmutableArray<int> Everyone { get; init; }

    // Blocks at MinClock: only when the last of them moves are all clocks looked at.
    private int AtMinimum { get; init; }

    /// <summary>A run at its beginning, or at the clocks of a checkpoint.</summary>
    /// <param name="goal">What is to be reached.</param>
    /// <param name="clocks">Steps of each block; null for none.</param>
    /// <param name="headClock">Steps that the head has followed.</param>
    /// <param name="grants">Leases granted before.</param>
    /// <param name="schedules">How replicas have met so far; null for the goal's rule from the beginning.</param>
    /// <param name="meeting">Indices of the replicas that wait for a meeting.</param>
    public static RunState Begin(
        RunGoal goal,
        IReadOnlyList<long>? clocks = null,
        long headClock = 0,
        long grants = 0,
        ImmutableArray<ReplicaSchedule>? schedules = null,
        IReadOnlySet<int>? meeting = null)
    {
        RunState state = new(goal, [.. Enumerable.Range(0, goal.Blocks).Select(i => new BlockProgress(clocks?[i] ?? 0) { Meeting = meeting?.Contains(i) == true })])
        {
            HeadClock = headClock,
            Grants = grants,
            Schedules = goal.Replicas == 1 ? [] : schedules ?? ReplicaSchedules.Of(null, goal.Policies.Replicas, goal.Blocks / goal.Replicas),
        };
        return state.FollowGoal();
    }

    /// <summary>The step at which a replica has to meet the others next; the largest number where there are none.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="clock">Steps made.</param>
    public long NextMeeting(int index, long clock) => Schedules.IsEmpty ? long.MaxValue : Schedules[index / Goal.Replicas].NextMeeting(clock, Goal.StepsPerEpoch);

    /// <summary>Whether a replica that has made so many steps is to meet the others before it goes on.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="clock">Steps made.</param>
    public bool MeetsAt(int index, long clock) => !Schedules.IsEmpty && Schedules[index / Goal.Replicas].MeetsAt(clock, Goal.StepsPerEpoch);

    /// <summary>How many times as long as the fastest worker one needs for a step; 1 where nothing is known of it.</summary>
    public double Slowness(WorkerProgress worker) => worker.StepTime > TimeSpan.Zero ? worker.StepTime / FastestStep : 1;

    /// <summary>Replicas meet by the goal's rule as soon as they can.</summary>
    internal RunState FollowGoal() => this with
    {
        Schedules =
        [
            .. Schedules.Select((schedule, block) => schedule.Newest == Goal.Policies.Replicas
                ? schedule
                : schedule.ChangeTo(
                    Goal.Policies.Replicas, [.. Enumerable.Range(block * Goal.Replicas, Goal.Replicas).Select(i => Blocks[i].Clock)], Goal.StepsPerEpoch)),
        ],
    };

    internal RunState With(int index, BlockProgress progress)
    {
        BlockProgress before = Blocks[index];
        RunState after = this with
        {
            Blocks = Blocks.SetItem(index, progress),
            TotalSteps = TotalSteps + progress.Clock - before.Clock,
            Meetings = Meetings + (progress.Meeting ? 1 : 0) - (before.Meeting ? 1 : 0),
            LeasesOut = LeasesOut + (progress.Lease is null ? 0 : 1) - (before.Lease is null ? 0 : 1),
            Homeless = Homeless + (progress.Home is null ? 1 : 0) - (before.Home is null ? 1 : 0),
            AtMinimum = AtMinimum - (before.Clock == MinClock && progress.Clock != MinClock ? 1 : 0),
        };
        if (after.AtMinimum > 0)
        {
            return after;
        }

        (long minimum, int count) = Minimum(after.Blocks);
        return after with { MinClock = minimum, AtMinimum = count };
    }

    internal RunState With(string name, WorkerProgress? worker)
    {
        WorkerProgress? before = Workers.GetValueOrDefault(name);
        ImmutableSortedSet<(TimeSpan StepTime, string Name)> idle = before is null ? Idle : Idle.Remove((before.StepTime, name));
        RunState after = this with
        {
            Workers = worker is null ? Workers.Remove(name) : Workers.SetItem(name, worker),
            Idle = worker is { IsFree: true } ? idle.Add((worker.StepTime, name)) : idle,
        };
        TimeSpan time = worker?.StepTime ?? TimeSpan.Zero;
        return before?.StepTime == time ? after
            : time > TimeSpan.Zero && (FastestStep == TimeSpan.Zero || time <= FastestStep) ? after with { FastestStep = time }
            : before is not null && before.StepTime == FastestStep ? after with { FastestStep = Fastest(after.Workers) }
            : after;
    }

    private static bool IsDue(ReplicaSchedule schedule, ReadOnlySpan<BlockProgress> replicas)
    {
        int waiting = 0;
        foreach (BlockProgress replica in replicas)
        {
            if (replica.Meeting && !schedule.IsBarrier(replica.Clock))
            {
                return true;
            }

            waiting += replica.Meeting ? 1 : 0;
        }

        return waiting == replicas.Length;
    }

    private static (long Clock, int Count) Minimum(ImmutableArray<BlockProgress> blocks)
    {
        (long minimum, int count) = (long.MaxValue, 0);
        foreach (BlockProgress block in blocks)
        {
            if (block.Clock < minimum)
            {
                (minimum, count) = (block.Clock, 0);
            }

            count += block.Clock == minimum ? 1 : 0;
        }

        return (minimum, count);
    }

    private static TimeSpan Fastest(ImmutableSortedDictionary<string, WorkerProgress> workers)
    {
        TimeSpan fastest = TimeSpan.Zero;
        foreach ((_, WorkerProgress worker) in workers)
        {
            fastest = worker.StepTime > TimeSpan.Zero && (fastest == TimeSpan.Zero || worker.StepTime < fastest) ? worker.StepTime : fastest;
        }

        return fastest;
    }
}
