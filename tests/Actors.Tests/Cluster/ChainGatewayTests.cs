using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Cluster;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Tests.Inference;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Cluster;

/// <summary>What the node that is asked tells worker nodes, with tests in the place of their links.</summary>
public sealed class ChainGatewayTests : TestKit
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static readonly RunPlan Plan = Runs.OnDigits();
    private static readonly ImmutableArray<Snapshot> States = ChainStates.Of(Plan, steps: 0);

    private readonly ChainView view = new(_ => { });
    private readonly IActorRef inference;
    private readonly IActorRef gateway;

    public ChainGatewayTests()
        : base(VirtualTime.Settings.WithFallback(SettingsLoader.Load().Config))
    {
        TestProbe manager = CreateTestProbe();
        LinkSettings links = new(Retry, 10 * Retry, 10 * Retry) { MaxMessage = 8192 };
        inference = Sys.ActorOf(InferenceActor.Props(
            Plan.Method, links: ChainGatewayActor.Props(Plan.Method, new("run", "", Plan.Data), manager, links, Retry, view)));
        manager.ExpectMsg<HostChain>();
        gateway = manager.LastSender;
        inference.Tell(new PublishSnapshots(States));
    }

    private VirtualTime Time => (VirtualTime)Sys.Scheduler;

    [Fact]
    public void Images_go_once_to_each_node_for_all_draws_and_are_forgotten_when_nobody_asks_any_more()
    {
        (Node one, Node two) = (Add("one"), Add("two"));
        Tensor images = Images(3);
        for (int draw = 0; draw < 2; draw++)
        {
            inference.Tell(Request(images, draw), TestActor);
        }

        object[] first = [.. one.Told.ReceiveN(3)];
        Pass(one, first, blocks: 2);
        object[] second = [.. two.Told.ReceiveN(3)];
        Pass(two, second, blocks: 2);
        ExpectMsg<Classified>();
        ExpectMsg<Classified>();
        images.Dispose();
        Time.Advance(Retry);

        Assert.Equal([3 * 64 * sizeof(float)], first.OfType<ChainImages>().Select(sent => sent.Input.Length));
        Assert.Equal((1, 2), (second.OfType<ChainImages>().Count(), second.OfType<ChainAsked>().Count(asked => asked.From == 3)));
        Assert.Equal(first.OfType<ChainImages>().Single().Batch, one.Told.ExpectMsg<ChainImagesOver>().Batch);
        Assert.Equal(second.OfType<ChainImages>().Single().Batch, two.Told.ExpectMsg<ChainImagesOver>().Batch);
    }

    [Fact]
    public void A_node_is_asked_when_all_its_states_have_come()
    {
        Node one = Add("one", confirms: false);
        using Tensor images = Images(1);
        inference.Tell(Request(images), TestActor);
        List<string> taken = [];
        while (taken.Count < States.Length)
        {
            taken.Add(one.Told.ExpectMsg<ChainState>().Snapshot.Name);
            one.Told.ExpectNoMsg(Moment);
            gateway.Tell(new ChainStateTaken(1, taken[^1]), one.Link);
        }

        one.Told.ExpectMsg<ChainImages>();
        Assert.Equal(1, one.Told.ExpectMsg<ChainAsked>().From);
        Assert.Equal(States.Select(state => state.Name).Order(), taken.Order());
    }

    [Fact]
    public void A_state_that_came_for_other_blocks_than_those_of_now_is_sent_again()
    {
        Node one = Add("one", confirms: false);
        ChainState first = one.Told.ExpectMsg<ChainState>();
        Add("two");

        gateway.Tell(new ChainStateTaken(1, first.Snapshot.Name), one.Link);

        ChainState again = one.Told.ExpectMsg<ChainState>();
        while (again.Snapshot.Name != first.Snapshot.Name)
        {
            gateway.Tell(new ChainStateTaken(2, again.Snapshot.Name), one.Link);
            again = one.Told.ExpectMsg<ChainState>();
        }
    }

    [Fact]
    public void Of_states_that_wait_for_a_node_only_the_newest_is_sent()
    {
        Node one = Add("one", confirms: false);
        ChainState first = one.Told.ExpectMsg<ChainState>();
        foreach (long clock in (long[])[1, 2, 3])
        {
            gateway.Tell(first.Snapshot with { Clock = clock });
        }

        gateway.Tell(new ChainStateTaken(1, first.Snapshot.Name), one.Link);
        List<Snapshot> then = [];
        while (then.Count < States.Length)
        {
            then.Add(one.Told.ExpectMsg<ChainState>().Snapshot);
            gateway.Tell(new ChainStateTaken(1, then[^1].Name), one.Link);
        }

        Assert.Equal([3], then.Where(state => state.Name == first.Snapshot.Name).Select(state => state.Clock));
        one.Told.ExpectNoMsg(Moment);
    }

    [Fact]
    public void What_two_nodes_have_lost_is_not_asked_a_third_time()
    {
        (Node one, Node two, _) = (Add("1"), Add("2"), Add("3"));
        using Tensor images = Images(1);
        inference.Tell(Request(images), TestActor);
        one.Told.ExpectMsg<ChainImages>();
        Sys.Stop(one.Link);
        two.Told.ExpectMsg<ChainImages>();
        ChainAsked again = two.Told.ExpectMsg<ChainAsked>();
        Sys.Stop(two.Link);

        Assert.Equal(1, again.From);
        Assert.EndsWith("as another node before it: ask again in a moment", ExpectMsg<ClassifyFailed>().Reason, StringComparison.Ordinal);
    }

    public static TheoryData<string> Nonsense => ["no block", "too many blocks", "short z", "steps without z", "an image that is not there", "nothing at all"];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void An_answer_that_makes_no_sense_is_one_failed_request(string what)
    {
        Node one = Add("one");
        using Tensor images = Images(2);
        inference.Tell(Request(images), TestActor);
        one.Told.ExpectMsg<ChainImages>();
        ChainAsked asked = one.Told.ExpectMsg<ChainAsked>();
        ChainPassed good = Answer(asked, 2);

        gateway.Tell(
            what switch
            {
                "no block" => good with { Blocks = [], Z = default },
                "too many blocks" => Answer(asked, 5),
                "short z" => good with { Z = good.Z[1..] },
                "steps without z" => good with { Steps = [new(1, 1)] },
                "an image that is not there" => good with { Sure = [2] },
                _ => new ChainPassed(asked.Id, default, default, default, default, default, false),
            },
            one.Link);

        Assert.StartsWith("a worker node has sent what is no answer", ExpectMsg<ClassifyFailed>().Reason, StringComparison.Ordinal);
        inference.Tell(Request(images), TestActor);
        Pass(one, [one.Told.ExpectMsg<ChainAsked>()], blocks: 4);
        ExpectMsg<Classified>();
    }

    [Fact]
    public void Images_that_are_more_than_a_link_carries_are_refused()
    {
        Add("one");
        using Tensor images = Images(17);

        inference.Tell(Request(images), TestActor);

        Assert.Contains("ask for fewer images or draws", ExpectMsg<ClassifyFailed>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_find_no_room_at_a_node_wait_and_are_given_up_in_time()
    {
        Node one = Add("one");
        using Tensor first = Images(12), second = Images(12);
        inference.Tell(Request(first), TestActor);
        one.Told.ExpectMsg<ChainImages>();
        one.Told.ExpectMsg<ChainAsked>();
        inference.Tell(Request(second), TestActor);
        one.Told.ExpectNoMsg(Moment);

        for (int i = 0; i <= 16; i++)
        {
            Time.Advance(Retry);
        }

        Assert.Contains("have no room for more images", ExpectMsg<ClassifyFailed>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_node_a_request_is_refused_at_once()
    {
        using Tensor images = Images(1);

        inference.Tell(Request(images), TestActor);

        Assert.Equal(ChainView.NoWorker, ExpectMsg<ClassifyFailed>().Reason);
    }

    /// <summary>A node that is ready to be asked.</summary>
    private Node Add(string name, bool confirms = true)
    {
        TestProbe told = CreateTestProbe();
        int before = view.Nodes;
        IActorRef link = Sys.ActorOf(Props.Create(() => new FakeNode(told, confirms)));
        gateway.Tell(new ChainOffered(name, 1), link);
        Assert.True(SpinWait.SpinUntil(() => view.Nodes > before, TimeSpan.FromSeconds(30)));
        return new(link, told);
    }

    private static Tensor Images(int count) => Plan.Dataset.Normalise(Plan.Dataset.Test.Images.narrow(0, 0, count));

    private static Classify Request(Tensor images, int draw = 0) => new(draw, images, 0, new InferenceNoise(1, draw, Stochastic: false));

    private void Pass(Node node, object[] told, int blocks)
    {
        foreach (ChainAsked asked in told.OfType<ChainAsked>())
        {
            gateway.Tell(Answer(asked, blocks), node.Link);
        }
    }

    // What a node has computed is not what is tested here.
    private static ChainPassed Answer(ChainAsked asked, int blocks) => new(
        asked.Id, [.. Enumerable.Repeat(new ChainBlock(5, TimeSpan.FromMilliseconds(1)), blocks)], Enumerable.Repeat(asked.Z.ToArray(), blocks).SelectMany(z => z).ToArray(),
        [], default, [], Over: false);

    private sealed record Node(IActorRef Link, TestProbe Told);

    /// <summary>Takes every state, if it does, and passes everything else on.</summary>
    private sealed class FakeNode : ReceiveActor
    {
        public FakeNode(IActorRef told, bool confirms)
        {
            long layout = 0;
            Receive<ChainModel>(_ => Sender.Tell(new ChainReady()));
            Receive<ChainRange>(range => layout = range.Layout);
            Receive<ChainState>(state => Sender.Tell(new ChainStateTaken(layout, state.Snapshot.Name)), _ => confirms);
            ReceiveAny(told.Forward);
        }
    }
}
