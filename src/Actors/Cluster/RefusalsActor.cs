using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Serialization;

namespace NoProp.Actors.Cluster;

/// <summary>Says that this node refuses what other ones send, now and then and with its number: what a stranger sends must not fill the log.</summary>
internal sealed class RefusalsActor : ReceiveActor, IWithTimers
{
    private readonly TimeSpan every;
    private readonly WireCounters counters = WireCounters.Of(Context.System);
    private long said;

    /// <param name="every">Time between two lines at least.</param>
    public RefusalsActor(TimeSpan every)
    {
        this.every = every;
        ILoggingAdapter log = Context.GetLogger();
        Receive<Tick>(_ =>
        {
            long refused = counters.ForbiddenReceived + counters.Damaged;
            if (refused > said)
            {
                log.Warning("{0} messages from other nodes were refused, which have no business here or are damaged; the last one: {1}", refused - said, counters.LastReason);
                said = refused;
            }
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, every);

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
