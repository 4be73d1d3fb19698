using Akka.Actor;
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

/// <summary>A block that compares some of its gradients with fresh ones.</summary>
public sealed class GradientProbeTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly FakeMethod method = new(coupled: true);
    private readonly TestProbe worker;
    private readonly TestProbe loader;
    private readonly TestProbe head;
    private readonly IActorRef block;

    public GradientProbeTests()
        : base(SettingsLoader.Load().Config)
    {
        (worker, loader, head) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        block = worker.ChildActorOf(BlockActor.Props(Block, method, loader, TimeSpan.FromMinutes(1), probeEvery: 2), SupervisorStrategy.DefaultStrategy);
    }

    [Fact]
    public void The_version_that_a_gradient_meets_is_asked_for_right_before_it()
    {
        Grant(1, 2);
        Step(1, version: 3);

        Assert.Equal(new ProbeShared(Block, 1), head.ExpectMsg<ProbeShared>());
        head.ExpectMsg<ApplyGradient>();
    }

    [Fact]
    public void Only_each_so_many_steps_is_sampled()
    {
        Grant(0, 1);
        Step(0, version: 0);

        head.ExpectMsg<ApplyGradient>();
    }

    [Fact]
    public void A_block_in_a_fixed_order_samples_nothing()
    {
        Grant(1, 2, taken: 5);
        Step(1, version: 5);

        head.ExpectMsg<ApplyGradient>();
    }

    [Fact]
    public void The_gradients_at_both_versions_are_compared()
    {
        method.Gradient = version => version.Version == 3 ? [1, 0] : [3, 4];
        Grant(1, 2);
        Step(1, version: 3);

        block.Tell(new SharedProbed(Block, 1, new SharedVersion(7, [])), head);

        worker.ExpectMsg<StepsCommitted>();
        Assert.Equal(new GradientProbed(Block, 1, 3, Lag: 4, 0.6), worker.ExpectMsg<GradientProbed>());
    }

    [Fact]
    public void A_gradient_that_meets_its_own_version_agrees_with_itself()
    {
        Grant(1, 2);
        Step(1, version: 3);

        block.Tell(new SharedProbed(Block, 1, new SharedVersion(3, [])), head);

        worker.ExpectMsg<StepsCommitted>();
        Assert.Equal((0L, 1.0), (worker.ExpectMsg<GradientProbed>() is var probed ? probed.Lag : -1, probed.Cosine));
    }

    [Fact]
    public void The_batch_is_kept_until_its_gradient_is_compared()
    {
        Grant(1, 2);
        loader.ExpectMsg<RequestBatch>();
        Step(1, version: 3);
        worker.ExpectMsg<StepsCommitted>();
        loader.ExpectNoMsg(TimeSpan.Zero);

        block.Tell(new SharedProbed(Block, 1, new SharedVersion(3, [])), head);

        loader.ExpectMsg(new ReleaseBatch(1));
    }

    [Fact]
    public void The_batch_of_a_comparison_that_nobody_answered_is_released_with_the_next()
    {
        Grant(1, 4);
        foreach (long step in (long[])[1, 2, 3])
        {
            Step(step, version: step);
        }

        Assert.Contains(new ReleaseBatch(1), loader.ReceiveN(5));
    }

    [Fact]
    public void The_batch_of_a_comparison_is_released_when_its_block_stops()
    {
        Grant(1, 2);
        loader.ExpectMsg<RequestBatch>();
        Step(1, version: 3);
        worker.ExpectMsg<StepsCommitted>();

        Sys.Stop(block);

        loader.ExpectMsg(new ReleaseBatch(1));
    }

    [Fact]
    public void A_comparison_that_fails_does_not_fail_the_block()
    {
        method.Gradient = _ => throw new InvalidOperationException("a fault of the test");
        Grant(1, 2);
        Step(1, version: 3);
        worker.ExpectMsg<StepsCommitted>();

        block.Tell(new SharedProbed(Block, 1, new SharedVersion(7, [])), head);

        Grant(2, 3);
        Step(2, version: 8);
        Assert.Equal(3, worker.ExpectMsg<StepsCommitted>().To);
    }

    private void Grant(long from, long to, long? taken = null) => block.Tell(new GrantLease(
        new Lease(Block, new LeaseEpoch(1), new StepRange(from, to), "worker"), FakeMethod.State(Block, from), new SharedSource(head, taken)));

    private void Step(long step, long version)
    {
        Lease asked = head.FishForMessage<RequestShared>(request => request.Step == step).Lease;
        block.Tell(new BatchReady(new Batch(step, null!, null!)), loader);
        block.Tell(new SharedReady(asked, step, new SharedVersion(version, [])), head);
    }
}
