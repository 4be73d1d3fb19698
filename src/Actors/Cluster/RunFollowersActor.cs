using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Protocol;

namespace NoProp.Actors.Cluster;

/// <summary>Passes a run's events on to those who follow it, on whatever node they are. Who comes late begins with where the run is now.</summary>
public sealed class RunFollowersActor : ReceiveActor, IWithTimers
{
    private readonly Dictionary<IActorRef, Silence> followers = [];
    private readonly TimeSpan silence;
    private RunStarted? started;
    private ImmutableArray<long> clocks = [];

    /// <summary>Nobody follows yet.</summary>
    /// <param name="silence">Time without a sign after which a follower is forgotten, not counting time in which this node stood still.</param>
    public RunFollowersActor(TimeSpan silence)
    {
        this.silence = silence;
        Receive<FollowRun>(_ => Follow(Sender));
        Receive<RunEvent>(Observe);
        Receive<Tick>(_ => Forget());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(TimeSpan silence) => Akka.Actor.Props.Create(() => new RunFollowersActor(silence));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, Every);

    private TimeSpan Every => silence / 4;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    private void Follow(IActorRef follower)
    {
        if (followers.TryGetValue(follower, out Silence? known))
        {
            known.End();
            return;
        }

        followers.Add(follower, new(Every, silence, Now));
        if (started is not null)
        {
            follower.Tell(new RunNews(started with { Clocks = clocks }));
        }
    }

    private void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted start:
                (started, clocks) = (start, start.Clocks);
                break;
            case StepsTrained trained:
                clocks = clocks.SetItem(trained.Block.Index, trained.Steps.To);
                break;
            case PoliciesSwitched switched:
                started = started! with { Policies = switched.Policies };
                break;
            // What a replay needs is recorded where the trainer is.
            case HeadHistory or UpdatesTaken:
                return;
        }

        RunNews passed = new(runEvent is RunEnded ended ? ended with { Snapshots = [] } : runEvent);
        foreach (IActorRef follower in followers.Keys)
        {
            follower.Tell(passed);
        }
    }

    private void Forget()
    {
        foreach (IActorRef gone in followers.Where(follower => follower.Value.IsTooLong(Now)).Select(follower => follower.Key).ToArray())
        {
            followers.Remove(gone);
        }
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
