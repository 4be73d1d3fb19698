using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;

namespace NoProp.Actors.Cluster;

/// <summary>
/// Stands before the inference actor of a run, and keeps the states that pass it for those who answer requests on other nodes. A state that
/// was named to somebody stays until the second newer one is, so that all its parts are of one clock.
/// </summary>
public sealed class PublishedStatesActor : ReceiveActor
{
    /// <summary>Bytes of a part: below Akka's frame size of 128,000 bytes.</summary>
    internal const int PartBytes = 64 << 10;

    private readonly Dictionary<string, Snapshot> newest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImmutableArray<Snapshot>> named = new(StringComparer.Ordinal);

    /// <summary>An actor that has seen no state.</summary>
    /// <param name="run">The run, without its states.</param>
    /// <param name="inference">The inference actor, to which everything else goes.</param>
    public PublishedStatesActor(PublishedStates run, IActorRef inference)
    {
        Receive<PublishSnapshots>(published =>
        {
            foreach (Snapshot snapshot in published.Snapshots.Where(snapshot => !BlockId.IsReplica(snapshot.Name)))
            {
                newest[snapshot.Name] = snapshot;
            }

            inference.Forward(published);
        });
        Receive<GetPublished>(_ =>
        {
            foreach ((string name, Snapshot snapshot) in newest)
            {
                ImmutableArray<Snapshot> before = named.GetValueOrDefault(name, []);
                named[name] = before is [var last, ..] && last.Clock == snapshot.Clock ? before : [snapshot, .. before.Take(1)];
            }

            Sender.Tell(run with { States = [.. newest.Values.Select(snapshot => new PublishedState(snapshot.Name, snapshot.Clock, snapshot.Safetensors.Length))] });
        });
        Receive<GetStatePart>(asked =>
        {
            ReadOnlyMemory<byte> bytes = named.GetValueOrDefault(asked.Name, []).FirstOrDefault(snapshot => snapshot.Clock == asked.Clock)?.Safetensors ?? ReadOnlyMemory<byte>.Empty;
            bool inside = asked.From >= 0 && asked.From < bytes.Length;
            Sender.Tell(new StatePart(asked.Name, asked.Clock, asked.From, inside ? bytes.Slice((int)asked.From, Math.Min(PartBytes, bytes.Length - (int)asked.From)) : default));
        });
        ReceiveAny(inference.Forward);
    }

    /// <summary>Props. What they say of the plan is read at once: its data may be gone before the actor is there.</summary>
    /// <param name="run">Name of the run.</param>
    /// <param name="plan">The run.</param>
    /// <param name="inference">The inference actor, to which everything else goes.</param>
    public static Props Props(string run, RunPlan plan, IActorRef inference)
    {
        PublishedStates known = new(run, SettingsHocon.ToHocon(plan.Settings), DataDescription.Of(plan.Dataset), [.. plan.Dataset.ClassNames], []);
        return Akka.Actor.Props.Create(() => new PublishedStatesActor(known, inference));
    }
}
