using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Training;

public sealed class StackActorTests : TestKit
{
    private readonly FakeStack compute = new();
    private readonly IActorRef stack;
    private readonly TestProbe first;
    private readonly TestProbe second;
    private readonly Seat one = new(new BlockId(1));
    private readonly Seat two = new(new BlockId(2));

    public StackActorTests()
        : base(SettingsLoader.Load().Config)
    {
        TorchRuntime.Load();
        FakeStack made = compute;
        stack = Sys.ActorOf(StackActor.Props(() => made));
        (first, second) = (CreateTestProbe(), CreateTestProbe());
    }

    [Fact]
    public void A_step_is_made_when_all_that_take_part_have_asked()
    {
        Join(first, one);
        Join(second, two);

        Ask(first, one, 0);
        first.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Ask(second, two, 0);

        Assert.Equal((one, two), (first.ExpectMsg<SteppedInStack>().Seat, second.ExpectMsg<SteppedInStack>().Seat));
        Assert.Equal(["1@0 2@0"], compute.Steps);
    }

    [Fact]
    public void Who_leaves_is_not_waited_for_and_has_what_it_came_to()
    {
        Join(first, one);
        Join(second, two);
        Ask(first, one, 0);
        Ask(second, two, 0);
        Ask(first, one, 1);
        second.ExpectMsg<SteppedInStack>();

        stack.Tell(new LeaveStack(two), second);

        LeftStack left = second.ExpectMsg<LeftStack>();
        Assert.Equal((two, 1), (left.Seat, left.State.Clock));
        Assert.Equal([0f], left.Losses.Select(loss => loss.Loss));
        AwaitAssert(() => Assert.Equal(["1@0 2@0", "1@1"], compute.Steps));
    }

    [Fact]
    public void Who_quits_is_not_waited_for()
    {
        Join(first, one);
        Join(second, two);
        Ask(first, one, 0);

        stack.Tell(new QuitStack(two), second);

        Assert.Equal(one, first.ExpectMsg<SteppedInStack>().Seat);
    }

    [Fact]
    public void Who_dies_is_not_waited_for()
    {
        Join(first, one);
        Join(second, two);
        Ask(first, one, 0);

        Sys.Stop(second);

        Assert.Equal(one, first.ExpectMsg<SteppedInStack>().Seat);
    }

    [Fact]
    public void A_block_that_comes_back_to_where_it_left_finds_its_state()
    {
        TrainOne(first, one);

        Join(first, new Seat(one.Block), from: 1);

        AwaitAssert(() => Assert.Equal([(one.Block, 0L)], compute.Joined));
    }

    [Theory]
    [InlineData(1, true, true)]
    [InlineData(5, false, true)]
    [InlineData(1, false, false)]
    public void A_block_whose_state_comes_from_elsewhere_takes_that(long from, bool moved, bool sameActor)
    {
        TrainOne(first, one);

        Join(sameActor ? first : second, new Seat(one.Block), from, moved);

        AwaitAssert(() => Assert.Equal([(one.Block, 0L), (one.Block, from)], compute.Joined));
    }

    [Fact]
    public void What_an_earlier_holder_says_late_means_nothing_to_the_present_one()
    {
        Join(first, one);
        Seat later = new(one.Block);
        Join(second, later);

        stack.Tell(new QuitStack(one), first);
        Sys.Stop(first);
        Ask(second, later, 0);

        Assert.Equal(later, second.ExpectMsg<SteppedInStack>().Seat);
    }

    [Fact]
    public void A_step_that_fails_is_told_to_all_that_made_it()
    {
        compute.OnStep = _ => throw new NoPropException("a fault of the test");
        Join(first, one);
        Join(second, two);

        Ask(first, one, 0);
        Ask(second, two, 0);

        Assert.Equal((one, "a fault of the test"), (first.ExpectMsg<StackFailed>(failed => failed.Seat == one).Seat, "a fault of the test"));
        Assert.Equal("a fault of the test", second.ExpectMsg<StackFailed>().Cause.Message);
        Assert.Equal((null, null), (compute.Clock(one.Block), compute.Clock(two.Block)));
    }

    [Fact]
    public void A_part_that_the_stack_does_not_know_has_failed()
    {
        Ask(first, one, 0);

        Assert.Equal(one, first.ExpectMsg<StackFailed>().Seat);
    }

    [Fact]
    public void A_mini_batch_is_disposed_of_when_its_step_is_made()
    {
        Join(first, one);

        Batch batch = Ask(first, one, 0);

        first.ExpectMsg<SteppedInStack>();
        Assert.True(batch.Images.IsInvalid);
    }

    [Fact]
    public void A_stack_that_ends_gives_its_memory_back()
    {
        TrainOne(first, one);
        Watch(stack);

        Sys.Stop(stack);

        ExpectTerminated(stack);
        Assert.True(compute.IsDisposed);
    }

    private void TrainOne(TestProbe block, Seat seat)
    {
        Join(block, seat);
        Ask(block, seat, 0);
        block.ExpectMsg<SteppedInStack>();
        stack.Tell(new LeaveStack(seat), block);
        block.ExpectMsg<LeftStack>();
    }

    private void Join(TestProbe block, Seat seat, long from = 0, bool moved = false) =>
        stack.Tell(new JoinStack(seat, from, from == 0 ? null : FakeMethod.State(seat.Block, from), moved), block);

    private Batch Ask(TestProbe block, Seat seat, long step)
    {
        Batch batch = new(step, zeros(1), zeros(1, ScalarType.Int64));
        stack.Tell(new StepInStack(seat, batch), block);
        return batch;
    }
}
