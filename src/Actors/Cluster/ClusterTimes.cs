using System.Globalization;
using NoProp.Actors.Hosting;

namespace NoProp.Actors.Cluster;

/// <summary>Time-outs that a user sets; null for those that follow from the base time.</summary>
/// <param name="LeaseTimeout"><see cref="ClusterTimes.LeaseTimeout"/>.</param>
/// <param name="LeaseRenewal"><see cref="ClusterTimes.LeaseRenewal"/>.</param>
/// <param name="HeartbeatInterval"><see cref="ClusterTimes.HeartbeatInterval"/>.</param>
/// <param name="AcceptablePause"><see cref="ClusterTimes.AcceptablePause"/>.</param>
/// <param name="StableAfter"><see cref="ClusterTimes.StableAfter"/>.</param>
/// <param name="UnstableAfter"><see cref="ClusterTimes.UnstableAfter"/>.</param>
/// <param name="DownRemovalMargin"><see cref="ClusterTimes.DownRemovalMargin"/>.</param>
/// <param name="HandOverRetry"><see cref="ClusterTimes.HandOverRetry"/>.</param>
/// <param name="LinkHandshake"><see cref="ClusterTimes.LinkHandshake"/>.</param>
/// <param name="JoinTimeout"><see cref="ClusterTimes.JoinTimeout"/>.</param>
/// <param name="LeaveTimeout"><see cref="ClusterTimes.LeaveTimeout"/>.</param>
public sealed record ClusterTimeOverrides(
    TimeSpan? LeaseTimeout = null,
    TimeSpan? LeaseRenewal = null,
    TimeSpan? HeartbeatInterval = null,
    TimeSpan? AcceptablePause = null,
    TimeSpan? StableAfter = null,
    TimeSpan? UnstableAfter = null,
    TimeSpan? DownRemovalMargin = null,
    TimeSpan? HandOverRetry = null,
    TimeSpan? LinkHandshake = null,
    TimeSpan? JoinTimeout = null,
    TimeSpan? LeaveTimeout = null);

/// <summary>
/// Every time-out of a cluster, each a multiple of one base time. With a base of 1 s the failure detector has exactly Akka's own settings,
/// and leases, which act sooner than membership because commits are fenced, free the blocks of a dead worker after 4 s.
/// </summary>
/// <param name="Base">What the others follow from.</param>
/// <param name="LeaseTimeout">Time without a sign of life after which a worker loses its blocks.</param>
/// <param name="LeaseRenewal">Time between two signs of life of a worker.</param>
/// <param name="HeartbeatInterval">Time between two heartbeats of a node.</param>
/// <param name="AcceptablePause">Silence that the failure detector takes for a busy node.</param>
/// <param name="StableAfter">Time without news of who is reachable after which unreachable nodes are removed.</param>
/// <param name="UnstableAfter">Time beyond <paramref name="StableAfter"/> of steady such news after which every node gives up.</param>
/// <param name="DownRemovalMargin">Time that a removed node has to stop before another one takes the trainer over.</param>
/// <param name="HandOverRetry">Time between two requests to hand the trainer over.</param>
/// <param name="LinkHandshake">Time that the two ends of a link have to find each other.</param>
/// <param name="JoinTimeout">Time that a node tries to join.</param>
/// <param name="LeaveTimeout">Time that a node has to hand over and leave.</param>
public sealed record ClusterTimes(
    TimeSpan Base,
    TimeSpan LeaseTimeout,
    TimeSpan LeaseRenewal,
    TimeSpan HeartbeatInterval,
    TimeSpan AcceptablePause,
    TimeSpan StableAfter,
    TimeSpan UnstableAfter,
    TimeSpan DownRemovalMargin,
    TimeSpan HandOverRetry,
    TimeSpan LinkHandshake,
    TimeSpan JoinTimeout,
    TimeSpan LeaveTimeout)
{
    /// <summary>Where they stand among the settings.</summary>
    internal const string Section = "noprop.cluster.times.";

    /// <summary>The default base.</summary>
    public static readonly TimeSpan DefaultBase = TimeSpan.FromSeconds(1);

    /// <summary>Silence that the failure detector of a node without a vote takes for a busy node: long enough for the voters to find and remove a node that is cut off.</summary>
    public TimeSpan PauseWithoutVote => AcceptablePause + Removal;

    /// <summary>
    /// Least time in which a dead node is found unreachable and removed: the pause that is allowed, the two heartbeats around it, and the
    /// time until that is sure.
    /// </summary>
    public TimeSpan Removal => AcceptablePause + (2 * HeartbeatInterval) + StableAfter;

    /// <summary>About the time in which a dead trainer is replaced: the removal of its node, the margin, and two requests for hand-over.</summary>
    public TimeSpan TrainerReplacement => Removal + DownRemovalMargin + (2 * HandOverRetry);

    /// <summary>The time-outs.</summary>
    /// <param name="basis">The base time, above zero.</param>
    /// <param name="overrides">Those that do not follow from it.</param>
    /// <exception cref="SettingsException">Two of them do not fit together.</exception>
    public static ClusterTimes Derive(TimeSpan basis, ClusterTimeOverrides? overrides = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(basis, TimeSpan.Zero);
        ClusterTimeOverrides given = overrides ?? new();
        ClusterTimes times = new(
            basis,
            given.LeaseTimeout ?? 4 * basis,
            given.LeaseRenewal ?? basis,
            given.HeartbeatInterval ?? basis,
            given.AcceptablePause ?? 3 * basis,
            given.StableAfter ?? 5 * basis,
            given.UnstableAfter ?? 30 * basis,
            given.DownRemovalMargin ?? basis,
            given.HandOverRetry ?? basis,
            given.LinkHandshake ?? 5 * basis,
            given.JoinTimeout ?? 20 * basis,
            given.LeaveTimeout ?? 15 * basis);
        times.Check();
        return times;
    }

    /// <summary>What is printed at start, a line each.</summary>
    public IEnumerable<string> Describe()
    {
        yield return $"time-outs from noprop.cluster.base-time = {Show(Base)}:";
        yield return $"  lease {Show(LeaseTimeout)}, renewed every {Show(LeaseRenewal)}: a silent worker's blocks are free after {Show(LeaseTimeout)}";
        yield return $"  heartbeat every {Show(HeartbeatInterval)}, pause of {Show(AcceptablePause)} accepted ({Show(PauseWithoutVote)} by nodes without a vote), stable after {Show(StableAfter)}: "
            + $"a dead node is removed after about {Show(Removal)}";
        yield return $"  removal margin {Show(DownRemovalMargin)}, hand-over asked for every {Show(HandOverRetry)}: "
            + $"a dead trainer is replaced after about {Show(TrainerReplacement)}";
        yield return $"  all nodes stop after {Show(StableAfter + UnstableAfter)} in which nobody can say for sure who is there";
        yield return $"  link {Show(LinkHandshake)}, join {Show(JoinTimeout)}, leave {Show(LeaveTimeout)}";
    }

    private void Check()
    {
        (string Name, TimeSpan Time) removal = ($"the removal of a dead node ({Section}acceptable-pause + 2 heartbeat-interval + stable-after)", Removal);
        Relation[] relations =
        [
            new(Of("lease-renewal", LeaseRenewal), 2, Of("lease-timeout", LeaseTimeout), "one renewal that is late would cost the lease"),
            new(Of("heartbeat-interval", HeartbeatInterval), 2, Of("acceptable-pause", AcceptablePause), "one heartbeat that is late would make a node unreachable"),
            new(Of("acceptable-pause", AcceptablePause), 1, Of("stable-after", StableAfter), "nodes would be removed before all have seen which are unreachable"),
            new(Of("stable-after", StableAfter), 1, Of("unstable-after", UnstableAfter), "all nodes would stop when two die shortly after each other"),
            new(Of("down-removal-margin", DownRemovalMargin), 1, Of("stable-after", StableAfter), "the trainer would stand still for longer than it takes to be sure"),
            new(Of("hand-over-retry", HandOverRetry), 4, Of("leave-timeout", LeaveTimeout), "a trainer that leaves would be gone before it has handed over"),
            new(Of("lease-renewal", LeaseRenewal), 1, Of("link-handshake", LinkHandshake), "a link would be given up between two signs of life"),
            new(Of("link-handshake", LinkHandshake), 1, Of("join-timeout", JoinTimeout), "a node would give up before its links stand"),
            new(removal, 1, Of("join-timeout", JoinTimeout), "nobody can join while a dead node is not yet removed"),
            new(removal, 1, Of("leave-timeout", LeaveTimeout), "nobody can leave while a dead node is not yet removed"),
        ];
        if (Array.Find(relations, relation => !relation.Holds) is { } broken)
        {
            throw new SettingsException(broken.Fault);
        }

        static (string, TimeSpan) Of(string name, TimeSpan time) => (Section + name, time);
    }

    private static string Show(TimeSpan time) => time.TotalMilliseconds % 1000 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms");

    /// <summary>So many times the one may be at most the other.</summary>
    private sealed record Relation((string Name, TimeSpan Time) Lower, int Times, (string Name, TimeSpan Time) Upper, string Because)
    {
        public bool Holds => Times * Lower.Time <= Upper.Time;

        public string Fault => $"{Lower.Name} = {Show(Lower.Time)} must be at most {(Times switch { 1 => "", 2 => "half of ", _ => $"1/{Times} of " })}"
            + $"{Upper.Name} = {Show(Upper.Time)}, because {Because}: lower the first or raise the second";
    }
}
