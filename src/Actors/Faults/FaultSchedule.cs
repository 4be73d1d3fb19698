using System.Collections.Immutable;
using System.Globalization;
using NoProp.Actors.Hosting;
using NoProp.Models.Randomness;

namespace NoProp.Actors.Faults;

/// <summary>One round of a fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Round">Which round of it, from 1.</param>
/// <param name="AtStep">After how many committed block steps; null where cold starts are counted.</param>
/// <param name="ColdStarts">After how many cold starts since the round before; null where steps are counted.</param>
/// <param name="Candidates">The nodes that it may strike; it does strike the first that is there then, or each where <see cref="StrikesAll"/>.</param>
public sealed record PlannedFault(Fault Fault, int Round, long? AtStep, double? ColdStarts, ImmutableArray<string> Candidates)
{
    /// <summary>Whether it is done to all of the nodes at once.</summary>
    public bool StrikesAll => Fault.Kind == FaultKind.Partition;
}

/// <summary>Which fault comes when, and to whom: follows from the plan, its seed and the length of the run alone.</summary>
public static class FaultSchedule
{
    /// <summary>All rounds of all faults: those at steps in the order of the steps, then those of cold starts in the order of the file.</summary>
    /// <param name="plan">What the file says.</param>
    /// <param name="totalSteps">Block steps of the whole run.</param>
    /// <exception cref="SettingsException">A fault would come after the run's last step.</exception>
    public static ImmutableArray<PlannedFault> Of(FaultPlan plan, long totalSteps)
    {
        string[] workers =
        [
            .. Enumerable.Range(1, plan.Workers).Select(FaultPlan.WorkerName)
                .Concat(plan.Faults.Where(fault => fault.Kind == FaultKind.Join).Select(fault => fault.Targets[0])).Distinct(),
        ];
        return
        [
            .. plan.Faults
                .SelectMany(fault => Enumerable.Range(1, fault.Time.Rounds).Select(round => Plan(plan, fault, round, workers, totalSteps)))
                .OrderBy(planned => planned.AtStep ?? long.MaxValue),
        ];
    }

    private static PlannedFault Plan(FaultPlan plan, Fault fault, int round, string[] workers, long totalSteps)
    {
        ImmutableArray<string> candidates = fault.Targets is [FaultPlan.AnyWorker]
            ? [.. Noise.Permutation(new NoiseKey(plan.Seed, NoiseStream.Faults, fault.Number, round), workers.Length).Select(i => workers[i])]
            : fault.Targets;
        if (fault.Time.Unit == FaultUnit.ColdStarts)
        {
            return new(fault, round, null, fault.Time.Amount, candidates);
        }

        double steps = fault.Time.Unit == FaultUnit.Percent ? fault.Time.Amount / 100 * totalSteps : fault.Time.Amount;
        long at = (long)Math.Round(round * steps, MidpointRounding.AwayFromZero);
        return at < totalSteps ? new(fault, round, at, null, candidates) : throw new SettingsException(string.Create(
            CultureInfo.InvariantCulture,
            $"fault {fault.Number} ({fault}){(fault.Time.Rounds > 1 ? $", round {round}," : "")} is to come after {at} block steps, and the run has {totalSteps}: let it come earlier, or train longer"));
    }
}
