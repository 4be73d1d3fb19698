using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <content>The queue: who may train next, and who is told.</content>
public sealed partial class RunManagerActor
{
    // Who waits for the word that a run has begun, which is about to.
    private readonly Dictionary<string, IActorRef> askers = new(StringComparer.Ordinal);
    private string? opening;

    private void Submit(string? settings, ImmutableArray<string> changes, string? name)
    {
        string added;
        try
        {
            added = turns.Add(settings, changes, name);
        }
        catch (NoPropException e)
        {
            Sender.Tell(new RunRefused(e.Message));
            return;
        }

        // One that has ended is out of the way in a moment, and mostly no run was left.
        bool soon = (run is null || ended) && opening is null && blocked is null && !leaving;
        if (turns.Waiting.Length == 1 && soon)
        {
            askers[added] = Sender;
            Next();
        }
        else
        {
            Sender.Tell(Turn(added));
        }
    }

    private object Turn(string name)
    {
        int place = turns.PlaceOf(name);
        if (place >= 0)
        {
            string? before = place > 0 ? turns.Waiting[place - 1].Name : run is not null && !ended ? run.Name : null;
            return new RunQueued(name, place + 1, before is not null ? $"it is behind {before}" : blocked is { Run: var left, Why: var why } ? $"{left} was left from before and does not go on: {why}" : Reading);
        }

        return accepted?.Run == name ? accepted
            : turns.Outcome(name) as RunRefused as object
            ?? (loading is not null || blocked is not null ? new RunQueued(name, 0, Reading) : new RunNotThere(name));
    }

    private object Withdraw(string name)
    {
        try
        {
            if (turns.IsWaiting(name) && name != opening)
            {
                turns.Remove(name);
                if (askers.Remove(name, out IActorRef? asker))
                {
                    asker.Tell(new RunRefused($"{name} was taken out of the queue"));
                }

                return new RunWithdrawn(name);
            }

            if (name == blocked?.Run)
            {
                if (loading is not null)
                {
                    return new RunRefused($"the trainer tries {name} just now: ask again");
                }

                GoOn(release: true);
                return new RunWithdrawn(name);
            }
        }
        catch (NoPropException e)
        {
            return new RunRefused(e.Message);
        }

        return new RunNotThere(name);
    }

    private void GoOn(bool release)
    {
        if (release)
        {
            store.Release();
        }

        blocked = null;
        Timers.Cancel(nameof(TakeOver));
        Next();
    }

    private void Next()
    {
        if (run is null && loading is null && !leaving && blocked is null && !turns.Waiting.IsEmpty)
        {
            QueuedRun first = turns.Waiting[0];
            opening = first.Name;
            Load(() => Open(first));
        }
    }

    private StoredRun Open(QueuedRun queued) => queued.Settings is { } settings ? store.Begin(settings, queued.Name) : store.Resume([.. queued.Changes], queued.Name);

    private void TellAskers()
    {
        foreach ((string name, IActorRef asker) in askers)
        {
            asker.Tell(Turn(name));
        }

        askers.Clear();
    }
}
