using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;

namespace NoProp.Actors.Tests;

/// <summary>Akka's scheduler for tests, whose monotonic clock goes by virtual time too: there it is the machine's.</summary>
/// <param name="config">Settings of the scheduler.</param>
/// <param name="log">Where it logs.</param>
public sealed class VirtualTime(Config config, ILoggingAdapter log) : TestScheduler(config, log), ITimeProvider
{
    /// <summary>Settings of a system whose time it is.</summary>
    public static readonly Config Settings = ConfigurationFactory.ParseString($"akka.scheduler.implementation = \"{typeof(VirtualTime).AssemblyQualifiedName}\"");

    TimeSpan ITimeProvider.MonotonicClock => Now - DateTimeOffset.UnixEpoch;
}
