using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Serialization;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What is told to one end of a link comes out at the other, over real remoting.</summary>
public sealed class LinkTests : IAsyncLifetime
{
    private readonly TwoNodes nodes = new();
    private readonly TestKit here;
    private readonly TestKit there;
    private readonly TestProbe worker;
    private readonly TestProbe trainer;

    public LinkTests()
    {
        (here, there) = (new TestKit(nodes.Here), new TestKit(nodes.There));
        (worker, trainer) = (here.CreateTestProbe(), there.CreateTestProbe());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => nodes.StopAsync();

    [Fact]
    public void A_message_comes_out_at_the_other_end_and_its_answer_comes_back()
    {
        IActorRef link = Connect();

        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg(new RegisterWorker("west", 2), TwoNodes.Patience);
        trainer.Reply(new TruncateLease(Lease(1)));

        worker.ExpectMsg(new TruncateLease(Lease(1)), TwoNodes.Patience);
        Assert.Equal(link, worker.LastSender);
    }

    [Theory]
    [InlineData(1_200_000)]
    [InlineData(9_800_000)]
    public void Large_messages_arrive_whole_and_in_order_with_small_ones_between(int bytes)
    {
        IActorRef link = Connect();
        byte[][] files = [.. Enumerable.Range(0, 4).Select(seed => Random(seed, bytes))];

        for (int i = 0; i < files.Length; i++)
        {
            link.Tell(new GrantLease(Lease(i), new Snapshot("block-07", i, files[i])), worker);
            link.Tell(new TruncateLease(Lease(i)), worker);
        }

        for (int i = 0; i < files.Length; i++)
        {
            GrantLease grant = trainer.ExpectMsg<GrantLease>(TwoNodes.Patience);
            Assert.Equal(Lease(i), grant.Lease);
            Assert.True(grant.State!.Safetensors.Span.SequenceEqual(files[i]), "other bytes");
            trainer.ExpectMsg(new TruncateLease(Lease(i)), TwoNodes.Patience);
        }
    }

    [Fact]
    public void A_small_message_that_may_pass_does_not_wait_for_large_ones()
    {
        IActorRef link = Connect(message => message is LeaseRenewed);
        GrantLease large = new(Lease(1), new Snapshot("block-07", 1, Random(1, 9_800_000)));

        for (int i = 0; i < 5; i++)
        {
            link.Tell(large, worker);
        }

        link.Tell(new LeaseRenewed(Lease(2)), worker);

        Assert.IsType<LeaseRenewed>(trainer.FishForMessage(message => message is LeaseRenewed, TwoNodes.Patience));
        Assert.Equal(5, trainer.ReceiveWhile<GrantLease>(TimeSpan.FromSeconds(5), message => (GrantLease)message, msgs: 5).Count);
    }

    [Fact]
    public void A_type_that_is_not_on_the_list_is_not_sent_and_its_sender_is_told()
    {
        IActorRef link = Connect();

        link.Tell("a text", worker);
        link.Tell(new LeaseRenewed(Lease(1)), worker);

        Assert.Equal("a text", worker.ExpectMsg<LinkRefused>(TwoNodes.Patience).Message);
        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
        Assert.Equal(1, WireCounters.Of(nodes.Here).ForbiddenSent);
    }

    [Fact]
    public void A_queue_that_is_full_ends_the_link_and_the_sender_is_told()
    {
        IActorRef link = worker.Watch(Connect(settings: TwoNodes.Settings with { MaxQueued = 3_000_000 }));

        link.Tell(new GrantLease(Lease(1), new Snapshot("block-07", 1, new byte[4_000_000])), worker);

        worker.ExpectMsg<LinkRefused>(TwoNodes.Patience);
        worker.ExpectTerminated(link, TwoNodes.Patience);
    }

    [Fact]
    public void When_the_local_actor_stops_the_other_end_stops_too()
    {
        IActorRef link = Connect();
        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        IActorRef other = trainer.Watch(trainer.LastSender);

        nodes.Here.Stop(worker);

        trainer.ExpectTerminated(other, TwoNodes.Patience);
    }

    [Fact]
    public async Task When_a_node_goes_away_the_other_end_stops()
    {
        IActorRef link = Connect();
        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        IActorRef other = trainer.Watch(trainer.LastSender);

        await nodes.Here.Terminate();

        trainer.ExpectTerminated(other, TwoNodes.Patience);
    }

    [Fact]
    public void An_end_that_hears_nothing_stops()
    {
        TestProbe mute = here.CreateTestProbe();
        LinkSettings settings = TwoNodes.Settings with { Heartbeat = TimeSpan.FromMilliseconds(50), Silence = TimeSpan.FromMilliseconds(200) };
        IActorRef acceptor = TwoNodes.Accept(nodes.There, (_, _) => new OneRoute(trainer), settings);
        TwoNodes.LinksOf(nodes.Here, nodes.There).Tell(new LinkHello(WireVersion.Current, "west"), mute);
        mute.ExpectMsg<LinkWelcome>(TwoNodes.Patience);

        mute.Watch(mute.LastSender);

        mute.FishForMessage(message => message is Terminated, TwoNodes.Patience);
    }

    [Fact]
    public void Bytes_that_are_no_message_end_the_link_and_are_counted()
    {
        TestProbe peer = here.CreateTestProbe();
        TwoNodes.Accept(nodes.There, (_, _) => new OneRoute(trainer));
        TwoNodes.LinksOf(nodes.Here, nodes.There).Tell(new LinkHello(WireVersion.Current, "west"), peer);
        peer.ExpectMsg<LinkWelcome>(TwoNodes.Patience);
        IActorRef link = peer.Watch(peer.LastSender);

        link.Tell(new LinkChunk(0, Express: false, Last: true, [Random(1, 100)]), peer);

        peer.FishForMessage(message => message is Terminated, TwoNodes.Patience);
        Assert.Equal(1, WireCounters.Of(nodes.There).Damaged);
    }

    [Fact]
    public void A_lost_message_that_no_other_follows_ends_the_link()
    {
        TestProbe peer = here.CreateTestProbe();
        TwoNodes.Accept(nodes.There, (_, _) => new OneRoute(trainer));
        TwoNodes.LinksOf(nodes.Here, nodes.There).Tell(new LinkHello(WireVersion.Current, "west"), peer);
        peer.ExpectMsg<LinkWelcome>(TwoNodes.Patience);
        IActorRef link = peer.Watch(peer.LastSender);

        link.Tell(new LinkPing(Sent: 1), peer);

        peer.FishForMessage(message => message is Terminated, TwoNodes.Patience);
    }

    [Fact]
    public void A_chunk_of_a_former_link_is_ignored()
    {
        IActorRef link = Connect();
        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);

        trainer.LastSender.Tell(new LinkChunk(17, Express: false, Last: true, [Random(1, 100)]), trainer);
        link.Tell(new LeaseRenewed(Lease(1)), worker);

        trainer.ExpectMsg<LeaseRenewed>(TwoNodes.Patience);
    }

    [Fact]
    public async Task When_the_network_is_cut_both_ends_stop()
    {
        LinkSettings settings = TwoNodes.Settings with { Heartbeat = TimeSpan.FromMilliseconds(50), Silence = TimeSpan.FromMilliseconds(500) };
        IActorRef link = Connect(settings: settings);
        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        IActorRef other = trainer.Watch(trainer.LastSender);
        worker.Watch(link);

        await nodes.Cut();

        trainer.ExpectTerminated(other, TwoNodes.Patience);
        worker.ExpectTerminated(link, TwoNodes.Patience);
    }

    [Fact]
    public void What_is_too_large_for_a_frame_is_not_sent_without_a_link() => Assert.Contains(
        "tell it to a link",
        Assert.Throws<WireException>(() => nodes.Here.Serialization.Serialize(
            new RunNews(new RunEnded(RunOutcome.Completed, null, new([], 1, 1, 1, 1, TimeSpan.Zero, ""), [new Snapshot("block-07", 1, new byte[200_000])])))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_node_of_another_version_is_told_so()
    {
        Connect();
        WireVersion other = WireVersion.Current with { Number = 99 };

        TwoNodes.LinksOf(nodes.Here, nodes.There).Tell(new LinkHello(other, "east"), worker);

        worker.FishForMessage(message => message.Equals(new WireVersionMismatch(WireVersion.Current, other)), TwoNodes.Patience);
    }

    [Fact]
    public void A_link_to_a_node_of_another_version_ends_and_says_what_to_do()
    {
        TestProbe old = there.CreateTestProbe();
        TestProbe parent = here.CreateTestProbe();
        ICanTell acceptor = ((ExtendedActorSystem)nodes.Here).Provider.ResolveActorRef(
            old.Ref.Path.ToSerializationFormatWithAddress(((ExtendedActorSystem)nodes.There).Provider.DefaultAddress));
        IActorRef link = parent.Watch(parent.ChildActorOf(
            LinkActor.Connect(acceptor, "west", TwoNodes.Settings, _ => new OneRoute(worker)), SupervisorStrategy.StoppingStrategy));

        WireVersion theirs = old.ExpectMsg<LinkHello>(TwoNodes.Patience).Version;
        old.Reply(new WireVersionMismatch(theirs with { Number = 2 }, theirs));

        Assert.Contains("install the same release", parent.ExpectMsg<LinkFailed>(TwoNodes.Patience).Reason, StringComparison.Ordinal);
        parent.ExpectTerminated(link, TwoNodes.Patience);
    }

    [Fact]
    public void A_node_that_begins_again_gets_a_new_link_after_the_old_one_has_ended()
    {
        Connect().Tell(new RegisterWorker("west", 1), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        IActorRef first = trainer.Watch(trainer.LastSender);

        nodes.Here.ActorOf(LinkActor.Connect(TwoNodes.LinksOf(nodes.Here, nodes.There), "west", TwoNodes.Settings, context =>
        {
            context.Self.Tell(new RegisterWorker("west", 1), worker);
            return new OneRoute(worker);
        }));

        trainer.ExpectTerminated(first, TwoNodes.Patience);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        Assert.NotEqual(first, trainer.LastSender);
    }

    [Fact]
    public void What_the_other_end_has_no_business_to_send_is_told_to_nobody()
    {
        TwoNodes.Accept(nodes.There, (_, _) => new TrainerRoutes(trainer));
        IActorRef link = nodes.Here.ActorOf(LinkActor.Connect(TwoNodes.LinksOf(nodes.Here, nodes.There), "west", TwoNodes.Settings, _ => new OneRoute(worker)));

        link.Tell(new StopRun(), worker);
        link.Tell(new RegisterWorker("west", 1), worker);

        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
    }

    [Fact]
    public async Task A_name_that_another_node_has_is_refused_with_a_clear_reason()
    {
        IActorRef link = Connect();
        link.Tell(new RegisterWorker("west", 2), worker);
        trainer.ExpectMsg<RegisterWorker>(TwoNodes.Patience);
        ActorSystem third = TwoNodes.Start("third");
        TestKit kit = new(third);
        TestProbe parent = kit.CreateTestProbe();
        parent.ChildActorOf(
            LinkActor.Connect(TwoNodes.LinksOf(third, nodes.There), "west", TwoNodes.Settings with { ConnectTimeout = TimeSpan.FromSeconds(1) }, _ => new OneRoute(parent)),
            SupervisorStrategy.StoppingStrategy);

        Assert.Contains("give every node a name of its own", parent.ExpectMsg<LinkFailed>(TwoNodes.Patience).Reason, StringComparison.Ordinal);
        await third.Terminate();
    }

    private IActorRef Connect(Func<object, bool>? passes = null, LinkSettings? settings = null)
    {
        TwoNodes.Accept(nodes.There, (_, _) => new OneRoute(trainer), settings);
        TestProbe opened = here.CreateTestProbe();
        IActorRef link = nodes.Here.ActorOf(LinkActor.Connect(
            TwoNodes.LinksOf(nodes.Here, nodes.There),
            "west",
            settings ?? TwoNodes.Settings,
            _ =>
            {
                opened.Tell("open");
                return new OneRoute(worker, passes);
            }));
        opened.ExpectMsg("open", TwoNodes.Patience);
        return link;
    }

    private static Lease Lease(int number) => new(new BlockId(7), new LeaseEpoch(number), new StepRange(0, 16), "west");

    private static byte[] Random(int seed, int bytes)
    {
        byte[] random = new byte[bytes];
        new Random(seed).NextBytes(random);
        return random;
    }
}
