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

namespace NoProp.Actors.Tests.Training;

public sealed class BlockActorTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly FakeMethod method = new();
    private readonly TestProbe worker;
    private readonly TestProbe loader;
    private readonly IActorRef block;

    public BlockActorTests()
        : base(SettingsLoader.Load().Config)
    {
        (worker, loader) = (CreateTestProbe(), CreateTestProbe());
        block = worker.ChildActorOf(BlockActor.Props(Block, method, loader, TimeSpan.FromMinutes(1)), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void A_lease_is_trained_step_by_step_and_committed()
    {
        Lease lease = Grant(0, 3);

        Serve(0, 1, 2);

        StepsCommitted commit = worker.ExpectMsg<StepsCommitted>();
        Assert.Equal((lease, 3, 3), (commit.Lease, commit.To, commit.State.Clock));
    }

    [Fact]
    public void A_commit_brings_the_loss_of_each_step()
    {
        Grant(5, 8);

        Serve(5, 6, 7);

        Assert.Equal([5f, 6f, 7f], worker.ExpectMsg<StepsCommitted>().Losses.Select(loss => loss.Loss));
    }

    [Fact]
    public void The_losses_of_a_lease_are_read_together()
    {
        Grant(0, 3);

        Serve(0, 1, 2);

        worker.ExpectMsg<StepsCommitted>();
        Assert.Equal([3], method.Reads);
    }

    [Fact]
    public void A_lease_that_is_truncated_after_a_loss_that_is_not_finite_is_not_committed()
    {
        method.Loss = step => step == 1 ? float.NaN : step;
        Lease lease = Grant(0, 8);
        Serve(0, 1, 2);

        block.Tell(new TruncateLease(lease));

        Assert.StartsWith("block 2 failed at step 1: the loss is NaN", worker.ExpectMsg<BlockRestarted>().Cause, StringComparison.Ordinal);
        worker.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Four_batches_are_asked_for_at_first_and_further_ones_when_two_are_left_but_none_beyond_the_lease()
    {
        Grant(0, 5);

        Assert.Equal([0L, 1L, 2L, 3L], loader.ReceiveN(4).Cast<RequestBatch>().Select(request => request.Step));
        Send(0);
        Send(1);
        loader.ExpectNoMsg(TimeSpan.Zero);
        Send(2);
        Assert.Equal([new ReleaseBatch(0), new ReleaseBatch(1), new RequestBatch(4)], loader.ReceiveN(3));
        Send(3);
        Send(4);
        Assert.Equal([new ReleaseBatch(2), new ReleaseBatch(3), new ReleaseBatch(4)], loader.ReceiveN(3));
        loader.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Batches_that_come_in_another_order_are_trained_in_the_order_of_their_steps()
    {
        Grant(0, 4);

        Serve(2, 3, 0, 1);

        Assert.Equal([0f, 1f, 2f, 3f], worker.ExpectMsg<StepsCommitted>().Losses.Select(loss => loss.Loss));
        Assert.Equal([0L, 1L, 2L, 3L], loader.ReceiveN(8).OfType<ReleaseBatch>().Select(release => release.Step));
    }

    [Fact]
    public void A_batch_that_an_earlier_lease_has_asked_for_too_is_used_once_and_given_back_as_often_as_it_came()
    {
        block.Tell(new TruncateLease(Grant(0, 1)));
        worker.ExpectMsg<StepsCommitted>();
        Grant(0, 1, epoch: 2);

        Serve(0, 0);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
        Assert.Equal(new[] { 0L, 0L }, loader.ReceiveN(4).OfType<ReleaseBatch>().Select(release => release.Step));
    }

    [Fact]
    public void Batches_that_have_been_read_go_back_when_the_lease_is_over()
    {
        Grant(0, 2);
        loader.ReceiveN(2);

        Send(0);
        Send(1);

        Assert.Equal([new ReleaseBatch(0), new ReleaseBatch(1)], loader.ReceiveN(2));
        loader.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Batches_are_asked_for_on_the_device_of_the_block()
    {
        ComputeDevice device = new(DeviceType.CUDA, 1);
        IActorRef there = worker.ChildActorOf(BlockActor.Props(Block, method, loader, TimeSpan.FromMinutes(1), device: device));

        there.Tell(new GrantLease(new Lease(Block, new LeaseEpoch(1), new StepRange(0, 1), "worker"), null));

        loader.ExpectMsg(new RequestBatch(0, device));
    }

    [Fact]
    public void A_batch_of_another_step_is_released_and_not_trained()
    {
        Grant(0, 2);
        loader.ReceiveN(2);

        Send(7);

        Assert.Equal(new ReleaseBatch(7), loader.ExpectMsg<ReleaseBatch>());
        Serve(0, 1);
        Assert.Equal(2, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_batch_that_comes_without_a_lease_is_released()
    {
        Send(0);

        Assert.Equal(new ReleaseBatch(0), loader.ExpectMsg<ReleaseBatch>());
    }

    [Fact]
    public void A_truncated_lease_commits_what_is_done()
    {
        Lease lease = Grant(0, 8);
        Serve(0, 1);

        block.Tell(new TruncateLease(lease));

        Assert.Equal(2, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_batch_that_comes_after_truncation_is_released_and_not_trained()
    {
        Lease lease = Grant(0, 8);
        block.Tell(new TruncateLease(lease));
        worker.ExpectMsg<StepsCommitted>();
        loader.ReceiveN(4);

        Send(0);

        loader.ExpectMsg(new ReleaseBatch(0));
        worker.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Truncation_of_an_earlier_lease_means_nothing_to_a_later_one()
    {
        Lease earlier = Grant(0, 1);
        Serve(0);
        worker.ExpectMsg<StepsCommitted>();
        Grant(1, 3, epoch: 2);

        block.Tell(new TruncateLease(earlier));
        Serve(1, 2);

        Assert.Equal(3, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_lease_that_goes_on_where_the_last_one_ended_keeps_the_network_in_memory()
    {
        Grant(0, 1);
        Serve(0);
        worker.ExpectMsg<StepsCommitted>();

        Grant(1, 2, epoch: 2);
        Serve(1);
        worker.ExpectMsg<StepsCommitted>();

        Assert.Equal([(Block, 0L)], method.Made);
    }

    [Fact]
    public void A_lease_from_another_step_begins_from_the_state_that_comes_with_it()
    {
        Grant(0, 1);
        Serve(0);
        worker.ExpectMsg<StepsCommitted>();

        Grant(9, 10, epoch: 2);
        Serve(9);
        worker.ExpectMsg<StepsCommitted>();

        Assert.Equal([(Block, 0L), (Block, 9L)], method.Made);
    }

    [Fact]
    public void Steps_that_take_long_renew_the_lease()
    {
        method.OnStep = (_, step) => Thread.Sleep(step == 0 ? 1100 : 0); // The compute thread's own time: there is no clock to turn.
        Lease lease = Grant(0, 2);

        Serve(0);

        Assert.Equal(new LeaseRenewed(lease), worker.ExpectMsg<LeaseRenewed>());
    }

    [Fact]
    public void A_block_that_ends_gives_its_memory_back()
    {
        Grant(0, 1);
        Serve(0);
        worker.ExpectMsg<StepsCommitted>();
        worker.Watch(block);

        Sys.Stop(block);

        worker.ExpectTerminated(block);
        Assert.Equal(1, method.Disposed);
    }

    private Lease Grant(long from, long to, long epoch = 1)
    {
        Lease lease = new(Block, new LeaseEpoch(epoch), new StepRange(from, to), "worker");
        block.Tell(new GrantLease(lease, from == 0 ? null : FakeMethod.State(Block, from)));
        return lease;
    }

    private void Serve(params long[] steps) => Array.ForEach(steps, Send);

    private void Send(long step) => block.Tell(new BatchReady(new Batch(step, null!, null!)), loader);
}
