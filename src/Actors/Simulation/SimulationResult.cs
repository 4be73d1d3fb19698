using System.Collections.Immutable;

namespace NoProp.Actors.Simulation;

/// <summary>Percentiles of a count.</summary>
public readonly record struct Percentiles(long P50, long P90, long P99, long Max);

/// <summary>Mean slots over the time of a run.</summary>
/// <param name="Alive">Slots of workers that are there.</param>
/// <param name="Holding">Leases that are out.</param>
/// <param name="Contributing">Leases that are out and will end with an accepted commit.</param>
public readonly record struct Populations(double Alive, double Holding, double Contributing);

/// <summary>What a simulated run came to.</summary>
/// <param name="Completed">Whether it has reached its goal.</param>
/// <param name="Time">How long it took.</param>
/// <param name="TotalProgress">Committed steps of all blocks, by all the steps that the workers could have made while they were there.</param>
/// <param name="BalancedProgress">T * min clock, by the same.</param>
/// <param name="Executed">Steps made.</param>
/// <param name="Discarded">Steps made that no accepted commit holds.</param>
/// <param name="Lead">Steps ahead of the least advanced block at each commit.</param>
/// <param name="Lag">Versions between a gradient's and the one that it met; null where blocks share nothing.</param>
/// <param name="Bytes">Bytes sent between nodes; 0 where all is on one machine.</param>
/// <param name="Kills">Deaths of workers.</param>
/// <param name="Moves">Leases to another worker than the one that had made the newest state.</param>
/// <param name="Revoked">Leases taken back.</param>
/// <param name="Refused">Commits refused.</param>
/// <param name="Switched">Switches of policies.</param>
/// <param name="Populations">Mean slots.</param>
/// <param name="Violations">Rules that were broken, in words; a policy that keeps its promises leaves this empty.</param>
public sealed record SimulationResult(
    bool Completed,
    TimeSpan Time,
    double TotalProgress,
    double BalancedProgress,
    long Executed,
    long Discarded,
    Percentiles Lead,
    Percentiles? Lag,
    long Bytes,
    int Kills,
    long Moves,
    int Revoked,
    long Refused,
    long Switched,
    Populations Populations,
    ImmutableArray<string> Violations);

/// <summary>Counts whole numbers, to give their percentiles.</summary>
internal sealed class Counter
{
    private readonly SortedDictionary<long, long> counts = [];
    private long total;

    public void Add(long value)
    {
        counts[value] = counts.GetValueOrDefault(value) + 1;
        total++;
    }

    public Percentiles Read() => new(At(0.5), At(0.9), At(0.99), At(1));

    private long At(double share)
    {
        long seen = 0;
        foreach ((long value, long count) in counts)
        {
            seen += count;
            if (seen >= share * total)
            {
                return value;
            }
        }

        return 0;
    }
}
