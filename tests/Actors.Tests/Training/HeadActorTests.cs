using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using Xunit;

namespace NoProp.Actors.Tests.Training;

public sealed class HeadActorTests : TestKit
{
    private readonly FakeMethod method = new(blocks: 2);
    private readonly Dataset dataset = Digits.Load(40);
    private readonly TestProbe trainer;
    private readonly IActorRef head;

    public HeadActorTests()
        : base(SettingsLoader.Load().Config)
    {
        trainer = CreateTestProbe();
        head = trainer.ChildActorOf(HeadActor.Props(method, new BatchSource(dataset, seed: 1, batchSize: 10), seed: 1), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void The_head_trains_up_to_its_target()
    {
        head.Tell(new AdvanceHead(5, null));

        Assert.Equal(5, trainer.ExpectMsg<HeadAdvanced>().State.Clock);
    }

    [Fact]
    public void Many_steps_are_made_in_pieces_so_that_blocks_get_their_turn()
    {
        head.Tell(new AdvanceHead(40, null));

        Assert.Equal([16L, 32L, 40L], trainer.ReceiveN(3).Cast<HeadAdvanced>().Select(advanced => advanced.Clock));
    }

    [Fact]
    public void The_loss_is_the_mean_of_the_steps_since_the_last_message()
    {
        head.Tell(new AdvanceHead(3, FakeMethod.HeadState(1)));

        Assert.Equal(1.5f, trainer.ExpectMsg<HeadAdvanced>().Loss); // The fake's losses are its step numbers: 1 and 2.
    }

    [Fact]
    public void A_lower_target_than_before_changes_nothing()
    {
        head.Tell(new AdvanceHead(5, null));
        trainer.ExpectMsg<HeadAdvanced>();

        head.Tell(new AdvanceHead(3, null));
        head.Tell(new AdvanceHead(6, null));

        Assert.Equal(6, trainer.ExpectMsg<HeadAdvanced>().Clock);
    }

    [Fact]
    public void A_new_head_goes_on_from_the_state_that_it_is_sent()
    {
        head.Tell(new AdvanceHead(7, FakeMethod.HeadState(6)));

        Assert.Equal((7, 6f), trainer.ExpectMsg<HeadAdvanced>() is { } advanced ? (advanced.Clock, advanced.Loss) : default);
    }

    [Fact]
    public void Every_step_reads_the_labels_of_its_own_mini_batch()
    {
        List<long[]> read = [];
        method.OnHeadStep = (_, labels) => read.Add(labels.data<long>().ToArray());

        head.Tell(new AdvanceHead(20, null));
        trainer.ReceiveN(2);

        BatchSource source = new(dataset, seed: 1, batchSize: 10);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(step => source.Labels(HeadOrder.BatchStep(step, 2, source.StepsPerEpoch)).data<long>().ToArray()),
            read);
    }

    [Fact]
    public void A_step_that_fails_is_told_and_made_again_from_the_state_that_is_sent_then()
    {
        int failures = 1;
        method.OnHeadStep = (step, _) =>
        {
            if (step == 3 && failures-- > 0)
            {
                throw new InvalidOperationException("out of luck");
            }
        };

        head.Tell(new AdvanceHead(5, FakeMethod.HeadState(2)));

        trainer.ExpectMsg<HeadFailed>();
        trainer.ExpectMsg(new HeadRestarted("out of luck"));
        head.Tell(new AdvanceHead(5, FakeMethod.HeadState(2), AfterRestart: true));
        Assert.Equal(5, trainer.ExpectMsg<HeadAdvanced>().Clock);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        dataset.Dispose();
    }
}
