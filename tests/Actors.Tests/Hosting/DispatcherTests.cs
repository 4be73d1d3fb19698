using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class DispatcherTests() : TestKit(SettingsLoader.Load().Config, "settings")
{
    [Theory]
    [InlineData("compute")]
    [InlineData("inference")]
    [InlineData("recorder")]
    [InlineData("loader")]
    public void An_actor_on_a_dispatcher_of_ours_runs_outside_the_thread_pool(string dispatcher)
    {
        IActorRef actor = Sys.ActorOf(Props.Create<ThreadReporter>().WithDispatcher($"noprop.dispatchers.{dispatcher}"));

        actor.Tell("where?", TestActor);

        Assert.False(ExpectMsg<ThreadSeen>().OfThreadPool);
    }

    [Fact]
    public void Threads_of_the_compute_dispatcher_do_not_keep_a_process_alive()
    {
        Sys.ActorOf(Props.Create<ThreadReporter>().WithDispatcher("noprop.dispatchers.compute")).Tell("where?", TestActor);

        Assert.True(ExpectMsg<ThreadSeen>().Background);
    }

    [Fact]
    public void As_many_blocks_compute_at_once_as_there_are_cores()
    {
        using CountdownEvent together = new(Environment.ProcessorCount);
        Props props = Props.Create(() => new Meeting(together)).WithDispatcher("noprop.dispatchers.compute");
        for (int i = 0; i < Environment.ProcessorCount; i++)
        {
            Sys.ActorOf(props).Tell("meet", TestActor);
        }

        Assert.All(ReceiveN(Environment.ProcessorCount), met => Assert.True((bool)met));
    }

    [Fact]
    public async Task Threads_end_with_their_system()
    {
        ActorSystem system = ActorSystem.Create("other", SettingsLoader.Load().Config);
        ThreadSeen seen = await system.ActorOf(Props.Create<ThreadReporter>().WithDispatcher("noprop.dispatchers.compute")).Ask<ThreadSeen>("where?");

        await system.Terminate();

        Assert.True(seen.Thread.Join(TimeSpan.FromSeconds(5)));
    }

    [Theory]
    [InlineData("compute")]
    [InlineData("inference")]
    public void A_dispatcher_for_arithmetic_has_as_many_threads_as_there_are_slots(string dispatcher) =>
        Assert.Equal(
            7,
            SettingsHocon.AkkaConfig(SettingsLoader.Load(null, ["noprop.slots=7"]).Settings)
                .GetInt($"noprop.dispatchers.{dispatcher}.thread-count"));

    [Fact]
    public void A_local_run_is_quiet_unless_asked() =>
        Assert.Equal("WARNING", SettingsHocon.AkkaConfig(SettingsLoader.Load().Settings).GetString("akka.loglevel"));

    private sealed record ThreadSeen(bool OfThreadPool, bool Background, Thread Thread);

    private sealed class ThreadReporter : ReceiveActor
    {
        public ThreadReporter() =>
            ReceiveAny(_ => Sender.Tell(new ThreadSeen(Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.IsBackground, Thread.CurrentThread)));
    }

    private sealed class Meeting : ReceiveActor
    {
        public Meeting(CountdownEvent together) => ReceiveAny(_ =>
        {
            together.Signal();
            Sender.Tell(together.Wait(TimeSpan.FromSeconds(2)));
        });
    }
}
