using System.Collections.Immutable;
using System.Globalization;
using NoProp.Actors.Policies;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Replicas;

namespace NoProp.Actors.Training;

/// <summary>
/// How the replicas of each block have met so far and will meet, as a checkpoint holds it in its state: for each block the rules, each with the
/// step after which it holds, as in <c>0=local-sgd:3 12=easgd:0.4,5;0=local-sgd:3 15=easgd:0.4,5</c>.
/// </summary>
public static class ReplicaSchedules
{
    /// <summary>Key in a checkpoint's state.</summary>
    public const string Key = "replicaRules";

    /// <summary>The schedules of a checkpoint, by <see cref="BlockId.Index"/> of the block.</summary>
    /// <param name="checkpoint">The checkpoint; null at the beginning of a run.</param>
    /// <param name="rule">The rule where there is no checkpoint, or none that says more.</param>
    /// <param name="blocks">Number of blocks, not of their replicas.</param>
    /// <exception cref="NoPropException">The checkpoint is damaged, or of another number of blocks.</exception>
    public static ImmutableArray<ReplicaSchedule> Of(Checkpoint? checkpoint, ReplicaRule rule, int blocks)
    {
        if (checkpoint?.State.TryGetValue(Key, out string? text) != true)
        {
            return [.. Enumerable.Repeat(new ReplicaSchedule(rule), blocks)];
        }

        ImmutableArray<ReplicaSchedule> schedules = [.. text!.Split(';').Select(block => ReplicaSchedule.Of(block.Split(' ').Select(Part)))];
        return schedules.Length == blocks ? schedules : throw new NoPropException($"the checkpoint says how the replicas of {schedules.Length} blocks meet, and the run has {blocks}");
    }

    /// <summary>What <see cref="Of"/> reads.</summary>
    public static string TextOf(IEnumerable<ReplicaSchedule> schedules) => string.Join(
        ';', schedules.Select(schedule => string.Join(' ', schedule.Parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.From}={ReplicaPolicies.TextOf(part.Rule)}")))));

    private static (long From, ReplicaRule Rule) Part(string text) =>
        text.Split('=') is [string from, string rule] && long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            ? (step, ReplicaPolicies.Parse(rule))
            : throw new NoPropException($"the checkpoint's state is damaged: '{text}' is no step with a policy of replicas");
}
