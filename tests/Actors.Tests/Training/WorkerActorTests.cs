using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Data;
using Xunit;

namespace NoProp.Actors.Tests.Training;

public sealed class WorkerActorTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly FakeMethod method = new();
    private readonly TestProbe trainer;
    private readonly TestProbe loader;
    private readonly IActorRef worker;

    public WorkerActorTests()
        : base(SettingsLoader.Load().Config)
    {
        (trainer, loader) = (CreateTestProbe(), CreateTestProbe());
        loader.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is RequestBatch request)
            {
                sender.Tell(new BatchReady(new Batch(request.Step, null!, null!)), loader);
            }

            return AutoPilot.KeepRunning;
        }));
        worker = Sys.ActorOf(Props.Create(() => new WorkerActor(
            trainer,
            "west",
            DeviceSlots.OnCpu(2),
            new Supervision(3, TimeSpan.FromMinutes(1)),
            (block, _) => BlockActor.Props(block, method, loader, TimeSpan.FromMinutes(1)))));
        trainer.ExpectMsg(new RegisterWorker("west", 2));
    }

    [Fact]
    public void A_lease_comes_back_trained()
    {
        Lease lease = Grant(0, 4);

        StepsCommitted commit = trainer.ExpectMsg<StepsCommitted>();
        Assert.Equal((lease, 4), (commit.Lease, commit.To));
    }

    [Fact]
    public void Two_blocks_train_side_by_side()
    {
        using Barrier together = new(2);
        method.OnStep = (_, _) => Assert.True(together.SignalAndWait(TimeSpan.FromSeconds(10)));

        Grant(0, 1, block: new BlockId(1));
        Grant(0, 1, block: new BlockId(3));

        Assert.Equal([1, 3], trainer.ReceiveN(2).Cast<StepsCommitted>().Select(commit => commit.Lease.Block.Value).Order());
    }

    [Fact]
    public void A_step_that_fails_is_made_again_from_the_last_committed_state()
    {
        Grant(0, 4);
        trainer.ExpectMsg<StepsCommitted>();
        FailAt(step: 6, times: 1);

        Grant(4, 8, epoch: 2);

        trainer.ExpectMsg<BlockRestarted>();
        Assert.Equal(8, trainer.ExpectMsg<StepsCommitted>().To);
        Assert.Equal([(Block, 0L), (Block, 4L)], method.Made);
    }

    [Fact]
    public void A_first_step_that_fails_begins_from_initial_weights_again()
    {
        FailAt(step: 0, times: 1);

        Grant(0, 2);

        trainer.ExpectMsg<BlockRestarted>();
        trainer.ExpectMsg<StepsCommitted>();
        Assert.Equal([(Block, 0L), (Block, 0L)], method.Made);
    }

    [Fact]
    public void A_restart_says_which_block_failed_at_which_step()
    {
        FailAt(step: 1, times: 1);

        Grant(0, 2);

        Assert.Equal(new BlockRestarted(Block, "block 2 failed at step 1: out of luck"), trainer.ExpectMsg<BlockRestarted>());
    }

    [Fact]
    public void Two_failures_are_survived()
    {
        FailAt(step: 1, times: 2);

        Grant(0, 2);

        trainer.ReceiveN(2).ToList().ForEach(message => Assert.IsType<BlockRestarted>(message));
        Assert.Equal(2, trainer.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void The_third_failure_within_a_minute_is_one_too_many()
    {
        FailAt(step: 1, times: 3);

        Grant(0, 2);

        trainer.ReceiveN(2);
        Assert.Equal(new BlockGaveUp(Block, "block 2 failed at step 1: out of luck"), trainer.ExpectMsg<BlockGaveUp>());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_loss_that_is_not_finite_fails_the_step_with_a_hint(float loss)
    {
        method.Loss = _ => loss;

        Grant(0, 2);

        Assert.Equal(
            $"block 2 failed at step 0: the loss is {loss}, not a finite number; lower noprop.optimizer.learning-rate",
            trainer.ExpectMsg<BlockRestarted>().Cause);
    }

    [Fact]
    public void A_loss_that_is_not_finite_in_the_middle_of_a_lease_fails_that_step_and_nothing_is_committed()
    {
        method.Loss = step => step == 2 ? float.NaN : step;

        Grant(0, 6);

        Assert.All(trainer.ReceiveN(2), message => Assert.StartsWith("block 2 failed at step 2: ", Assert.IsType<BlockRestarted>(message).Cause, StringComparison.Ordinal));
        trainer.ExpectMsg<BlockGaveUp>();
    }

    [Fact]
    public void A_revoked_block_is_stopped()
    {
        Lease lease = GrantWaiting();

        worker.Tell(new RevokeLease(lease), trainer);

        loader.ExpectTerminated(loader.LastSender);
    }

    [Fact]
    public void A_new_lease_on_a_revoked_block_starts_a_new_actor_from_the_state_that_comes_with_it()
    {
        Lease lease = GrantWaiting();
        IActorRef first = loader.LastSender;
        worker.Tell(new RevokeLease(lease), trainer);
        loader.ExpectTerminated(first);

        Grant(5, 6, epoch: 2);

        loader.ExpectMsg(new RequestBatch(5));
        Assert.NotEqual(first, loader.LastSender);
    }

    [Fact]
    public void Revoking_a_lease_that_is_committed_already_stops_nothing()
    {
        Lease lease = Grant(0, 1);
        trainer.ExpectMsg<StepsCommitted>();

        worker.Tell(new RevokeLease(lease), trainer);
        Grant(1, 2, epoch: 2);

        trainer.ExpectMsg<StepsCommitted>();
        Assert.Equal([(Block, 0L)], method.Made);
    }

    [Fact]
    public void A_first_lease_whose_commit_was_refused_begins_from_initial_weights_again()
    {
        Grant(0, 2);
        trainer.ExpectMsg<StepsCommitted>();

        Grant(0, 2, epoch: 2);

        Assert.Equal(2, trainer.ExpectMsg<StepsCommitted>().To);
        Assert.Equal([(Block, 0L), (Block, 0L)], method.Made);
    }

    [Fact]
    public void Truncation_reaches_the_block()
    {
        Lease lease = GrantWaiting();

        worker.Tell(new TruncateLease(lease), trainer);

        Assert.Equal(0, trainer.ExpectMsg<StepsCommitted>().To);
    }

    private void FailAt(long step, int times) => method.OnStep = (_, at) =>
    {
        if (at == step && times-- > 0)
        {
            throw new InvalidOperationException("out of luck");
        }
    };

    private Lease Grant(long from, long to, long epoch = 1, BlockId? block = null)
    {
        Lease lease = new(block ?? Block, new LeaseEpoch(epoch), new StepRange(from, to), "west");
        worker.Tell(new GrantLease(lease, from == 0 ? null : FakeMethod.State(lease.Block, from)), trainer);
        return lease;
    }

    /// <summary>Grants a lease whose block waits for batches that do not come, and watches the block.</summary>
    private Lease GrantWaiting()
    {
        loader.SetAutoPilot(NoAutoPilot.Instance);
        Lease lease = Grant(0, 4);
        loader.ReceiveN(4);
        loader.Watch(loader.LastSender);
        return lease;
    }
}
