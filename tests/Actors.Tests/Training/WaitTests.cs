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

/// <summary>A block says how long it has waited, and for what.</summary>
public sealed class WaitTests : TestKit
{
    private static readonly BlockId Block = new(2);

    private readonly FakeMethod method = new(coupled: true);
    private readonly TestProbe worker;
    private readonly TestProbe other;
    private readonly IActorRef block;

    private static Lease Granted { get; } = new(Block, new LeaseEpoch(1), new StepRange(0, 1), "worker");

    public WaitTests()
        : base(SettingsLoader.Load().Config)
    {
        (worker, other) = (CreateTestProbe(), CreateTestProbe());
        block = worker.ChildActorOf(BlockActor.Props(Block, method, other, TimeSpan.FromMinutes(1)), SupervisorStrategy.DefaultStrategy);
        block.Tell(new GrantLease(Granted, null, new SharedSource(other, null)));
    }

    [Fact]
    public void A_wait_that_ends_with_the_batch_was_for_the_batch()
    {
        SendShared();
        SendBatch();

        WaitTimes waited = worker.ExpectMsg<StepsCommitted>().Waited;
        Assert.True(waited.Batch > TimeSpan.Zero && waited.Shared == TimeSpan.Zero, $"{waited}");
    }

    [Fact]
    public void A_wait_that_ends_with_the_shared_parameters_was_for_those()
    {
        SendBatch();
        SendShared();

        WaitTimes waited = worker.ExpectMsg<StepsCommitted>().Waited;
        Assert.True(waited.Shared > TimeSpan.Zero && waited.Batch == TimeSpan.Zero, $"{waited}");
    }

    private void SendBatch() => block.Tell(new BatchReady(new Batch(0, null!, null!)), other);

    private void SendShared() => block.Tell(new SharedReady(Granted, 0, new SharedVersion(0, [])), other);
}
