using System.Collections.Immutable;

namespace NoProp.Models.Replicas;

/// <summary>
/// By which rule the replicas of one block meet, over the steps that each of them makes. Where the rule changes all replicas come together: the
/// last meeting under the old rule waits for all of them, and all go on from the centre, as at a beginning. So when replicas meet, and
/// whether they wait for each other there, follows from steps alone.
/// </summary>
public sealed record ReplicaSchedule
{
    private ReplicaSchedule(ImmutableArray<(long From, ReplicaRule Rule)> parts) => Parts = parts;

    /// <summary>One rule from the beginning.</summary>
    public ReplicaSchedule(ReplicaRule rule)
        : this([(0, rule)])
    {
    }

    /// <summary>The rules, each with the step after which it holds; the first from 0.</summary>
    public ImmutableArray<(long From, ReplicaRule Rule)> Parts { get; }

    /// <summary>The rule that was chosen last; it may hold only from a later step on.</summary>
    public ReplicaRule Newest => Parts[^1].Rule;

    /// <summary>The schedule of these rules.</summary>
    /// <exception cref="NoPropException">They do not begin at 0, or not after one another.</exception>
    public static ReplicaSchedule Of(IEnumerable<(long From, ReplicaRule Rule)> parts)
    {
        ImmutableArray<(long From, ReplicaRule Rule)> all = [.. parts];
        return !all.IsEmpty && all[0].From == 0 && all.Zip(all.Skip(1)).All(pair => pair.First.From < pair.Second.From)
            ? new(all)
            : throw new NoPropException($"replica policies that hold from steps {string.Join(", ", all.Select(part => part.From))} do not follow each other from step 0");
    }

    /// <summary>The rule of the step that comes after so many.</summary>
    public ReplicaRule At(long clock) => Parts.Last(part => part.From <= clock).Rule;

    /// <summary>The first meeting after so many steps.</summary>
    /// <param name="clock">Steps made.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    public long NextMeeting(long clock, int stepsPerEpoch) => At(clock).NextMeeting(clock, stepsPerEpoch);

    /// <summary>Whether a replica that has made so many steps is due at a meeting.</summary>
    public bool MeetsAt(long clock, int stepsPerEpoch) => clock > 0 && NextMeeting(clock - 1, stepsPerEpoch) == clock;

    /// <summary>Whether another rule holds after the meeting at this step.</summary>
    public bool ChangesAt(long meeting) => meeting > 0 && Parts.Any(part => part.From == meeting);

    /// <summary>Whether the meeting at this step waits for all replicas.</summary>
    public bool IsBarrier(long meeting) => At(meeting - 1).IsBarrier || ChangesAt(meeting);

    /// <summary>The schedule where another rule holds as soon as it can: from the first meeting that no replica has left.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="clocks">Steps that the replicas have made; none is in training.</param>
    /// <param name="stepsPerEpoch">Steps of each replica in an epoch.</param>
    public ReplicaSchedule ChangeTo(ReplicaRule rule, IReadOnlyList<long> clocks, int stepsPerEpoch)
    {
        long furthest = clocks.Max();
        // A rule that nobody has come to is forgotten; where all stand at its beginning none of its steps is made yet.
        ImmutableArray<(long From, ReplicaRule Rule)> begun = Parts.RemoveAll(part => part.From >= furthest && part.From > 0);
        long from = Parts.Length > begun.Length ? Parts[begun.Length].From
            // At a barrier replicas wait, or have just become one.
            : furthest == 0 || (MeetsAt(furthest, stepsPerEpoch) && IsBarrier(furthest)) ? furthest
            : NextMeeting(furthest, stepsPerEpoch);
        ReplicaSchedule before = new(begun);
        return from == 0 ? new(rule)
            // Where replicas may wait for each other already, they have to come together even if the rule stays.
            : before.At(from - 1) == rule && (rule.IsBarrier || begun.Length == Parts.Length) ? before
            : new(begun.Add((from, rule)));
    }
}
