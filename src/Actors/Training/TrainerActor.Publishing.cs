using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Training;

/// <content>What the chain answers with: the newest states, a few times a second, and before each test of the chain.</content>
public sealed partial class TrainerActor
{
    // Blocks commit hundreds of times a second; each state on its way wakes the thread of a link, at the cost of what trains.
    private static readonly TimeSpan PublishInterval = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, Snapshot> unpublished = [];

    /// <summary>Gives states to the chain soon, of each name the newest.</summary>
    private void Publish(ImmutableArray<Snapshot> snapshots)
    {
        foreach (Snapshot snapshot in snapshots)
        {
            unpublished[snapshot.Name] = snapshot;
        }

        if (!Timers.IsTimerActive(nameof(PublishDue)))
        {
            Timers.StartSingleTimer(nameof(PublishDue), PublishDue.Instance, PublishInterval);
        }
    }

    private void PublishNow()
    {
        Timers.Cancel(nameof(PublishDue));
        if (unpublished.Count > 0)
        {
            spares?.Lend(unpublished.Values.Where(state => !ReferenceEquals(state, headState)));
            partners.Inference.Tell(new PublishSnapshots([.. unpublished.Values]) { Lent = spares is not null });
            unpublished.Clear();
        }
    }

    private sealed class PublishDue
    {
        public static readonly PublishDue Instance = new();
    }
}
