using Akka.Actor;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Protocol;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>Who is told of a run, and for how long, in virtual time.</summary>
public sealed class RunFollowersTests : TestKit
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(4);

    private readonly IActorRef followers;

    public RunFollowersTests()
        : base(VirtualTime.Settings)
    {
        followers = Sys.ActorOf(RunFollowersActor.Props(Silence));
        followers.Tell(new RunStarted([0, 0], 8, 4, 2, 1));
    }

    [Fact]
    public void Who_comes_late_begins_with_where_the_run_is_now()
    {
        followers.Tell(Steps(2));

        Follow();

        Assert.Equal<long>([0, 4], Assert.IsType<RunStarted>(ExpectMsg<RunNews>().Event).Clocks);
    }

    [Fact]
    public void Who_gives_signs_is_welcomed_once_and_told_everything()
    {
        Follow();
        ExpectMsg<RunNews>();
        for (int i = 0; i < 8; i++)
        {
            Pass(Silence / 4);
            Follow();
        }

        followers.Tell(Steps(1));

        Assert.IsType<StepsTrained>(ExpectMsg<RunNews>().Event);
    }

    [Fact]
    public void Who_gives_no_sign_is_forgotten_and_welcomed_again_when_it_comes_back()
    {
        Follow();
        ExpectMsg<RunNews>();
        for (int i = 0; i < 5; i++)
        {
            Pass(Silence / 4);
        }

        followers.Tell(Steps(1));
        Follow();

        Assert.Equal<long>([4, 0], Assert.IsType<RunStarted>(ExpectMsg<RunNews>().Event).Clocks);
    }

    [Fact]
    public void Nobody_is_forgotten_because_this_node_stood_still()
    {
        Follow();
        ExpectMsg<RunNews>();

        Pass(10 * Silence);
        followers.Tell(Steps(1));

        Assert.IsType<StepsTrained>(ExpectMsg<RunNews>().Event);
    }

    private static StepsTrained Steps(int block) => new(new(block), new(0, 4), 1, 1, 4, TimeSpan.Zero, "one");

    private void Follow() => followers.Tell(new FollowRun("run"), TestActor);

    // It has done what time has made due when it answers what was asked afterwards.
    private void Pass(TimeSpan time)
    {
        ((VirtualTime)Sys.Scheduler).Advance(time);
        followers.Ask<ActorIdentity>(new Identify(null)).Wait(RemainingOrDefault);
    }
}
