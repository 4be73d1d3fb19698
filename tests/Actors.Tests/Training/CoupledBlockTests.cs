using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Training;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>A block that reads what the head owns, and moves it.</summary>
public sealed class CoupledBlockTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly FakeMethod method = new(coupled: true);
    private readonly TestProbe worker;
    private readonly TestProbe loader;
    private readonly TestProbe head;
    private readonly IActorRef block;
    private Lease? granted;

    public CoupledBlockTests()
        : base(SettingsLoader.Load().Config)
    {
        (worker, loader, head) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        block = worker.ChildActorOf(BlockActor.Props(Block, method, loader, TimeSpan.FromMinutes(1)), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void A_lease_begins_by_asking_for_the_newest_version_where_any_will_do()
    {
        Lease lease = Grant(0, 3, version: null);

        head.ExpectMsg(new RequestShared(lease, 0, null));
    }

    [Fact]
    public void Each_step_of_a_lease_asks_for_the_version_that_the_step_before_has_left_where_it_must_be_exact()
    {
        Lease lease = Grant(5, 8, version: 20);
        head.ExpectMsg(new RequestShared(lease, 5, 20));

        Step(5, version: 20);

        head.ExpectMsg<ApplyGradient>();
        head.ExpectMsg(new RequestShared(lease, 6, 21));
    }

    [Fact]
    public void A_step_waits_for_the_shared_parameters()
    {
        Grant(0, 1, version: null);
        head.ExpectMsg<RequestShared>();

        SendBatch(0);
        Settle();
        head.ExpectNoMsg(TimeSpan.Zero);
        SendShared(0, version: 0);

        head.ExpectMsg<ApplyGradient>();
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(7L, true)]
    public void A_gradient_names_the_version_that_its_step_was_made_with(long? version, bool exact)
    {
        Grant(0, 2, version);
        head.ExpectMsg<RequestShared>();

        Step(0, version: 7);

        ApplyGradient apply = head.ExpectMsg<ApplyGradient>();
        Assert.Equal((Block, 0L, 7L, exact), (apply.Gradient.Block, apply.Gradient.Step, apply.Gradient.Version, apply.Exact));
    }

    [Fact]
    public void A_version_for_another_step_is_not_used()
    {
        Grant(0, 2, version: null);
        head.ExpectMsg<RequestShared>();
        SendShared(9, version: 3);

        Step(0, version: 4);

        Assert.Equal(4, head.ExpectMsg<ApplyGradient>().Gradient.Version);
    }

    [Fact]
    public void A_version_that_was_asked_for_under_an_earlier_lease_is_not_used()
    {
        Lease first = Grant(0, 4, version: null);
        block.Tell(new TruncateLease(first));
        worker.ExpectMsg<StepsCommitted>();
        Grant(0, 4, version: null, epoch: 2);
        block.Tell(new SharedReady(first, 0, new SharedVersion(3, [])), head);

        Step(0, version: 4);

        Assert.Equal(4, head.FishForMessage<ApplyGradient>(_ => true).Gradient.Version);
    }

    [Fact]
    public void A_version_is_used_for_as_many_steps_as_the_head_allows()
    {
        Lease lease = Grant(0, 4, version: null);
        head.ExpectMsg<RequestShared>();
        block.Tell(new SharedReady(granted!, 0, new SharedVersion(5, []), Steps: 2), head);

        SendBatch(0);
        SendBatch(1);

        Assert.Equal([(0, 5), (1, 5)], head.ReceiveN(2).Cast<ApplyGradient>().Select(apply => (apply.Gradient.Step, apply.Gradient.Version)));
        head.ExpectMsg(new RequestShared(lease, 2, null));
    }

    [Fact]
    public void A_version_that_is_kept_trains_a_batch_that_was_here_before_it()
    {
        Grant(0, 4, version: null);
        head.ExpectMsg<RequestShared>();
        SendBatch(0);
        SendBatch(1);

        block.Tell(new SharedReady(granted!, 0, new SharedVersion(5, []), Steps: 2), head);

        Assert.Equal([0, 1], head.ReceiveN(2).Cast<ApplyGradient>().Select(apply => apply.Gradient.Step));
    }

    [Fact]
    public void A_lease_is_committed_after_its_last_step_where_any_version_will_do()
    {
        Grant(0, 1, version: null);

        Step(0, version: 0);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void A_lease_is_committed_when_its_last_gradient_had_its_effect_where_versions_must_be_exact()
    {
        Grant(0, 1, version: 0);
        Step(0, version: 0);
        Settle();
        worker.ExpectNoMsg(TimeSpan.Zero);

        SendShared(1, version: 1);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void Truncated_while_it_waits_for_any_version_a_lease_is_committed_at_once()
    {
        Lease lease = Grant(0, 4, version: null);
        Step(0, version: 0);

        block.Tell(new TruncateLease(lease));

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void Truncated_while_it_waits_for_an_exact_version_a_lease_is_committed_when_that_comes()
    {
        Lease lease = Grant(0, 4, version: 0);
        Step(0, version: 0);
        block.Tell(new TruncateLease(lease));
        Settle();
        worker.ExpectNoMsg(TimeSpan.Zero);

        SendShared(1, version: 1);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void Truncated_while_it_waits_for_a_batch_with_an_exact_version_a_lease_is_committed_at_once()
    {
        Lease lease = Grant(0, 4, version: 0);
        SendShared(0, version: 0);

        block.Tell(new TruncateLease(lease));

        Assert.Equal(0, worker.ExpectMsg<StepsCommitted>().To);
    }

    [Fact]
    public void Truncated_after_its_last_step_a_lease_is_committed_once_when_its_effect_comes()
    {
        Lease lease = Grant(0, 1, version: 0);
        Step(0, version: 0);

        block.Tell(new TruncateLease(lease));
        SendShared(1, version: 1);
        SendShared(1, version: 1);

        Assert.Equal(1, worker.ExpectMsg<StepsCommitted>().To);
        Settle();
        worker.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_batch_that_comes_to_a_truncated_lease_is_released_while_the_exact_version_is_awaited()
    {
        Lease lease = Grant(0, 4, version: 0);
        loader.ReceiveN(4);
        block.Tell(new TruncateLease(lease));

        SendBatch(0);

        loader.ExpectMsg(new ReleaseBatch(0));
    }

    [Fact]
    public void A_block_that_fails_asks_again_for_the_version_that_its_lease_began_with()
    {
        int failures = 1;
        method.OnStep = (_, step) =>
        {
            if (step == 1 && failures-- > 0)
            {
                throw new InvalidOperationException("out of luck");
            }
        };
        Lease lease = Grant(0, 4, version: 20);
        Step(0, version: 20);
        Step(1, version: 21);
        worker.ExpectMsg<BlockRestarted>();
        head.ReceiveN(3); // request, gradient, request

        block.Tell(new GrantLease(lease, null, new SharedSource(head, 20)));

        head.ExpectMsg(new RequestShared(lease, 0, 20));
    }

    [Fact]
    public void A_gradient_of_a_step_whose_loss_is_not_finite_does_not_reach_the_head()
    {
        method.Loss = _ => float.NaN;
        Grant(0, 4, version: 0);
        head.ExpectMsg<RequestShared>();

        Step(0, version: 0);

        worker.ExpectMsg<BlockRestarted>();
        head.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_block_that_waits_long_for_a_version_names_the_head()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Warning));
        IActorRef impatient = worker.ChildActorOf(BlockActor.Props(Block, method, loader, TimeSpan.FromMilliseconds(20)), SupervisorStrategy.DefaultStrategy);

        impatient.Tell(new GrantLease(new Lease(Block, new LeaseEpoch(1), new StepRange(0, 4), "worker"), null, new SharedSource(head, 0)));

        Warning warning = FishForMessage<Warning>(_ => true);
        Assert.Equal($"block 2 has waited 0.02 s for the shared parameters of step 0 from {head.Ref.Path}", warning.Message.ToString());
    }

    private Lease Grant(long from, long to, long? version, long epoch = 1)
    {
        Lease lease = granted = new(Block, new LeaseEpoch(epoch), new StepRange(from, to), "worker");
        block.Tell(new GrantLease(lease, from == 0 ? null : FakeMethod.State(Block, from), new SharedSource(head, version)));
        return lease;
    }

    private void Step(long step, long version)
    {
        SendBatch(step);
        SendShared(step, version);
    }

    private void SendBatch(long step) => block.Tell(new BatchReady(new Batch(step, null!, null!)), loader);

    private void SendShared(long step, long version) => block.Tell(new SharedReady(granted!, step, new SharedVersion(version, [])), head);

    /// <summary>Returns when the block has done all that it was told so far.</summary>
    private void Settle()
    {
        TestProbe probe = CreateTestProbe();
        block.Tell(new Identify(null), probe);
        probe.ExpectMsg<ActorIdentity>();
    }
}
