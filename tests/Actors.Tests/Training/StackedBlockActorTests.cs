using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Training;

/// <summary>A block with a stack that a test plays.</summary>
public sealed class StackedBlockActorTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly TestProbe worker;
    private readonly TestProbe loader;
    private readonly TestProbe stack;
    private readonly IActorRef block;

    public StackedBlockActorTests()
        : base(SettingsLoader.Load().Config)
    {
        TorchRuntime.Load();
        (worker, loader, stack) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        block = worker.ChildActorOf(StackedBlockActor.Props(Block, loader, stack, TimeSpan.FromMinutes(1)), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void A_lease_is_joined_trained_step_by_step_and_committed()
    {
        Lease lease = Grant(5, 7);

        JoinStack join = stack.ExpectMsg<JoinStack>();
        Assert.Equal((5, 5), (join.From, join.State?.Clock));
        MakeStep(join.Seat, 5);
        MakeStep(join.Seat, 6);
        End(join.Seat, 5, 6);

        StepsCommitted commit = worker.ExpectMsg<StepsCommitted>();
        Assert.Equal((lease, 7, 7), (commit.Lease, commit.To, commit.State.Clock));
        Assert.Equal([5f, 6f], commit.Losses.Select(loss => loss.Loss));
        Assert.Equal(TimeSpan.FromMilliseconds(6), commit.ComputeTime);
    }

    [Fact]
    public void Batches_are_asked_for_on_the_device_of_the_stack()
    {
        ComputeDevice there = new(DeviceType.CUDA, 1);
        IActorRef other = worker.ChildActorOf(StackedBlockActor.Props(Block, loader, stack, TimeSpan.FromMinutes(1), there));

        other.Tell(new GrantLease(new Lease(Block, new LeaseEpoch(1), new StepRange(0, 5), "worker"), null));

        Assert.Equal([0L, 1L, 2L, 3L], loader.ReceiveN(4).Cast<RequestBatch>().Where(request => request.Device == there).Select(request => request.Step));
    }

    [Fact]
    public void Batches_go_back_when_further_ones_are_asked_for_and_when_the_part_is_over()
    {
        Grant(0, 5);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;

        Assert.Equal([0L, 1L, 2L, 3L], loader.ReceiveN(4).Cast<RequestBatch>().Select(request => request.Step));
        MakeStep(seat, 0);
        MakeStep(seat, 1);
        MakeStep(seat, 2);
        Assert.Equal([new ReleaseBatch(0), new ReleaseBatch(1), new RequestBatch(4)], loader.ReceiveN(3));
        MakeStep(seat, 3);
        MakeStep(seat, 4);
        Assert.Equal([new ReleaseBatch(2), new ReleaseBatch(3), new ReleaseBatch(4)], loader.ReceiveN(3));
        loader.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Batches_that_come_in_another_order_are_trained_in_the_order_of_their_steps()
    {
        Grant(0, 3);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;

        Send(2);
        Send(1);
        MakeStep(seat, 0);
        for (long step = 1; step < 3; step++)
        {
            Assert.Equal(step, stack.ExpectMsg<StepInStack>().Batch.Step);
            block.Tell(new SteppedInStack(seat, TimeSpan.Zero), stack);
        }

        End(seat, 0, 1, 2);
        Assert.Equal(3, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_lease_that_is_truncated_between_two_steps_commits_what_is_done()
    {
        Lease lease = Grant(0, 8);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;
        MakeStep(seat, 0);

        block.Tell(new TruncateLease(lease));
        End(seat, 0);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_lease_that_is_truncated_in_a_step_commits_it_too()
    {
        Lease lease = Grant(0, 8);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;
        Send(0);
        Send(1);
        stack.ExpectMsg<StepInStack>();

        block.Tell(new TruncateLease(lease));
        stack.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        block.Tell(new SteppedInStack(seat, TimeSpan.Zero), stack);
        End(seat, 0);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
        Assert.Equal([0L, 1L], loader.ReceiveN(6).OfType<ReleaseBatch>().Select(release => release.Step));
    }

    [Fact]
    public void What_the_stack_uses_stays_when_the_batch_goes_back_to_the_loader()
    {
        Grant(0, 8);
        stack.ExpectMsg<JoinStack>();
        Batch batch = Send(0);
        StepInStack asked = stack.ExpectMsg<StepInStack>();

        batch.Dispose();

        Assert.Equal(1, asked.Batch.Images.sum().item<float>());
    }

    [Fact]
    public void A_step_that_fails_fails_the_block_which_begins_anew()
    {
        Grant(0, 8);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;
        MakeStep(seat, 0);
        Send(1);
        stack.ExpectMsg<StepInStack>();

        block.Tell(new StackFailed(seat, new NoPropException("a fault of the test")), stack);

        Assert.Equal(new BlockRestarted(Block, "block 2 failed at step 1: a fault of the test"), worker.ExpectMsg<BlockRestarted>());
        Grant(0, 8);
        Assert.Equal(seat, stack.ExpectMsg<QuitStack>().Seat);
        Assert.NotEqual(seat, stack.ExpectMsg<JoinStack>().Seat);
    }

    [Fact]
    public void An_answer_to_an_instance_that_has_failed_since_means_nothing()
    {
        Lease lease = Grant(0, 2);
        Seat earlier = stack.ExpectMsg<JoinStack>().Seat;
        Send(0);
        stack.ExpectMsg<StepInStack>();
        block.Tell(new BatchFailed(1, "a fault of the test"), loader);
        worker.ExpectMsg<BlockRestarted>();
        stack.ExpectMsg<QuitStack>();
        block.Tell(new GrantLease(lease, null));
        Seat later = stack.ExpectMsg<JoinStack>().Seat;

        block.Tell(new SteppedInStack(earlier, TimeSpan.Zero), stack);
        MakeStep(later, 0);
        MakeStep(later, 1);
        End(later, 0, 1);

        Assert.Equal(2, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_loss_that_is_no_number_fails_the_block_at_its_step_and_nothing_is_committed()
    {
        Grant(0, 2);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;
        MakeStep(seat, 0);
        MakeStep(seat, 1);
        stack.ExpectMsg<LeaveStack>();

        block.Tell(new LeftStack(seat, [new(1, 1), new(float.NaN, 1)], FakeMethod.State(Block, 2)), stack);

        Assert.StartsWith("block 2 failed at step 1: the loss is NaN", worker.ExpectMsg<BlockRestarted>().Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_that_is_stopped_gives_its_part_up()
    {
        Grant(0, 2);
        Seat seat = stack.ExpectMsg<JoinStack>().Seat;

        Sys.Stop(block);

        Assert.Equal(seat, stack.ExpectMsg<QuitStack>().Seat);
    }

    private Lease Grant(long from, long to, long epoch = 1)
    {
        Lease lease = new(Block, new LeaseEpoch(epoch), new StepRange(from, to), "worker");
        block.Tell(new GrantLease(lease, from == 0 ? null : FakeMethod.State(Block, from)));
        return lease;
    }

    private Batch Send(long step)
    {
        Batch batch = new(step, ones(1), zeros(1, ScalarType.Int64));
        block.Tell(new BatchReady(batch), loader);
        return batch;
    }

    private void MakeStep(Seat seat, long step)
    {
        Send(step);
        StepInStack asked = stack.ExpectMsg<StepInStack>();
        Assert.Equal((seat, step), (asked.Seat, asked.Batch.Step));
        block.Tell(new SteppedInStack(seat, TimeSpan.FromMilliseconds(3)), stack);
    }

    private void End(Seat seat, params long[] steps)
    {
        Assert.Equal(seat, stack.ExpectMsg<LeaveStack>().Seat);
        block.Tell(new LeftStack(seat, [.. steps.Select(step => new Models.Methods.StepLoss(step, 0))], FakeMethod.State(Block, steps[^1] + 1)), stack);
    }
}
