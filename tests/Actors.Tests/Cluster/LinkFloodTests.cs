using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What links and their acceptor make of those who mean them no good, and are trusted all the same.</summary>
public sealed class LinkFloodTests : IAsyncLifetime
{
    private static readonly LinkSettings Quick = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(20));

    private readonly TwoNodes nodes = new();
    private readonly TestKit here;
    private readonly TestKit there;
    private readonly TestProbe worker;
    private readonly TestProbe trainer;
    private int opened;

    public LinkFloodTests()
    {
        (here, there) = (new TestKit(nodes.Here), new TestKit(nodes.There));
        (worker, trainer) = (here.CreateTestProbe(), there.CreateTestProbe());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.StopAsync();

    [Theory]
    [InlineData(3, 1000)]
    [InlineData(1000, 3)]
    public void A_thousand_greetings_make_no_more_links_than_there_may_be(int ofAddress, int inAll)
    {
        Accept(Quick with { MaxLinksOfAddress = ofAddress, MaxLinks = inAll, Silence = TimeSpan.FromMinutes(1) });

        Greet(1000);

        there.AwaitAssert(() => Assert.Equal(3, opened), TwoNodes.Patience);
    }

    [Fact]
    public void Links_that_nobody_uses_go_away_and_make_room()
    {
        Accept(Quick with { MaxLinksOfAddress = 3 });
        Greet(1000);

        IActorRef link = Connect();
        link.Tell(new RegisterWorker("west", 1), worker);

        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
    }

    [Fact]
    public void A_greeting_of_nobody_makes_no_link()
    {
        Accept(Quick);
        TwoNodes.LinksOf(nodes.Here, nodes.There).Tell(new LinkHello(WireVersion.Current, "nobody"), nodes.Here.DeadLetters);

        Greet(1);

        there.AwaitAssert(() => Assert.Equal(1, opened), TwoNodes.Patience);
    }

    [Fact]
    public void A_refusal_that_a_link_gives_itself_is_not_refused_again()
    {
        Accept(TwoNodes.Settings);
        IActorRef link = Connect();

        link.Tell("a text", link);
        link.Tell(new LeaseRenewed(Lease), worker);
        link.Tell("another", link);
        link.Tell(new LeaseRenewed(Lease), worker);

        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
        Assert.Equal(2, WireCounters.Of(nodes.Here).ForbiddenSent);
    }

    [Fact]
    public void A_refusal_that_a_link_gives_itself_while_it_connects_is_not_refused_again()
    {
        IActorRef link = nodes.Here.ActorOf(LinkActor.Connect(TwoNodes.LinksOf(nodes.Here, nodes.There), "west", TwoNodes.Settings, _ => new OneRoute(worker)));
        link.Tell("a text", link);
        link.Tell("another", link);
        link.Tell(new LeaseRenewed(Lease), worker);

        Accept(TwoNodes.Settings);

        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
        Assert.Equal(2, WireCounters.Of(nodes.Here).ForbiddenSent);
    }

    [Fact]
    public void What_another_node_tells_a_link_by_its_path_does_not_come_out_at_the_other_end()
    {
        Accept(TwoNodes.Settings);
        IActorRef link = Connect();

        link.Tell(new FollowRun("run"), worker);
        link.Tell(new LeaseRenewed(Lease), worker);

        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
    }

    private static Lease Lease => new(new BlockId(1), new LeaseEpoch(1), new StepRange(0, 1), "west");

    private void Accept(LinkSettings settings) => TwoNodes.Accept(
        nodes.There,
        (_, _) =>
        {
            Interlocked.Increment(ref opened);
            return new OneRoute(trainer);
        },
        settings);

    // The acceptor has seen them all when it says who it is.
    private void Greet(int count)
    {
        ActorSelection links = TwoNodes.LinksOf(nodes.Here, nodes.There);
        for (int i = 0; i < count; i++)
        {
            links.Tell(new LinkHello(WireVersion.Current, $"flood-{i}"), worker);
        }

        links.Tell(new Identify(1), worker);
        worker.FishForMessage(message => message is ActorIdentity, TwoNodes.Patience);
    }

    private IActorRef Connect()
    {
        TestProbe connected = here.CreateTestProbe();
        IActorRef link = nodes.Here.ActorOf(LinkActor.Connect(
            TwoNodes.LinksOf(nodes.Here, nodes.There),
            "west",
            Quick,
            _ =>
            {
                connected.Tell("open");
                return new OneRoute(worker);
            }));
        connected.ExpectMsg("open", TwoNodes.Patience);
        return link;
    }
}
