using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models;

namespace NoProp.Actors.Cluster;

/// <summary>Follows one run for code that is no actor: asks the singleton for its events again and again, because it may move.</summary>
public sealed class RunFollowerActor : ReceiveActor, IWithTimers
{
    // A trainer that has just taken over may still be reading the run.
    private const int MostRefusals = 20;

    private readonly IActorRef manager;
    private readonly FollowRun follow;
    private readonly TimeSpan every;
    private int refusals;

    /// <summary>A follower.</summary>
    /// <param name="manager">The singleton, wherever it is.</param>
    /// <param name="run">Name of the run.</param>
    /// <param name="every">Time between two signs that somebody follows.</param>
    /// <param name="observe">Told every event.</param>
    /// <param name="ended">Set when the run has ended, or failed when there is no such run.</param>
    public RunFollowerActor(IActorRef manager, string run, TimeSpan every, Action<RunEvent> observe, TaskCompletionSource<RunEnded> ended)
    {
        (this.manager, this.every) = (manager, every);
        follow = new(run);
        Receive<Tick>(_ => manager.Tell(follow));
        Receive<RunNotThere>(_ =>
        {
            if (++refusals > MostRefusals)
            {
                ended.TrySetException(new NoPropException($"{run} is no longer in training, and the trainer does not know how it ended: see its folder"));
            }
        });
        Receive<RunNews>(news =>
        {
            refusals = 0;
            observe(news.Event);
            if (news.Event is RunEnded end)
            {
                ended.TrySetResult(end);
            }
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Props.</summary>
    public static Props Props(IActorRef manager, string run, TimeSpan every, Action<RunEvent> observe, TaskCompletionSource<RunEnded> ended) =>
        Akka.Actor.Props.Create(() => new RunFollowerActor(manager, run, every, observe, ended));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TimeSpan.Zero, every);

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
