using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>A worker with two devices of one slot each.</summary>
public sealed class WorkerDeviceTests : TestKit
{
    private static readonly ComputeDevice First = new(DeviceType.CUDA, 0);
    private static readonly ComputeDevice Second = new(DeviceType.CUDA, 1);

    private readonly TestProbe trainer;
    private readonly TestProbe blocks;
    private readonly IActorRef worker;
    private readonly ConcurrentQueue<(BlockId Block, ComputeDevice Device)> made = [];
    private long epoch;

    public WorkerDeviceTests()
        : base(SettingsLoader.Load().Config)
    {
        (trainer, blocks) = (CreateTestProbe(), CreateTestProbe());
        worker = Sys.ActorOf(Props.Create(() => new WorkerActor(trainer, "west", new DeviceSlots(ImmutableArray.Create(First, Second), 1), new Supervision(3, TimeSpan.FromMinutes(1)), BlockProps())));
    }

    [Fact]
    public void Says_which_devices_it_has() =>
        Assert.Equal(new RegisterWorker("west", 2) { Devices = "cuda:0, cuda:1" }, trainer.ExpectMsg<RegisterWorker>());

    [Fact]
    public void Blocks_that_train_side_by_side_are_on_different_devices()
    {
        Grant(1);
        Grant(2);

        Assert.Equal([(new BlockId(1), First), (new BlockId(2), Second)], made);
    }

    [Fact]
    public void A_block_that_comes_again_stays_on_its_device_and_keeps_its_actor()
    {
        (Lease first, IActorRef actor) = Grant(1);
        (Lease second, _) = Grant(2);
        Commit(first, actor);
        Commit(second, actor: null);

        (_, IActorRef again) = Grant(2);

        Assert.Equal(2, made.Count);
        Assert.Equal("block-02", again.Path.Name[..8]);
    }

    [Fact]
    public void A_block_whose_device_is_taken_moves_to_the_free_one_and_is_freed_where_it_was()
    {
        (Lease first, IActorRef actor) = Grant(1);
        Commit(first, actor);
        Grant(3);
        Watch(actor);

        Grant(1);

        ExpectTerminated(actor);
        Assert.Equal([(new BlockId(1), First), (new BlockId(3), First), (new BlockId(1), Second)], made);
        trainer.FishForMessage(message => message is LeaseRenewed { Device: "cuda:1" });
        trainer.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void The_trainer_is_told_on_which_device_a_lease_is()
    {
        (Lease first, _) = Grant(1);
        (Lease second, _) = Grant(2);

        trainer.ExpectMsg<RegisterWorker>();
        Assert.Equal(new LeaseRenewed(first) { Device = "cuda:0" }, trainer.ExpectMsg<LeaseRenewed>());
        Assert.Equal(new LeaseRenewed(second) { Device = "cuda:1" }, trainer.ExpectMsg<LeaseRenewed>());
    }

    private (Lease Lease, IActorRef Actor) Grant(int block)
    {
        Lease lease = new(new BlockId(block), new LeaseEpoch(++epoch), new StepRange(epoch, epoch + 1), "west");
        worker.Tell(new GrantLease(lease, FakeMethod.State(lease.Block, epoch)), trainer);
        blocks.ExpectMsg<GrantLease>(grant => grant.Lease == lease);
        return (lease, blocks.LastSender);
    }

    private void Commit(Lease lease, IActorRef? actor)
    {
        worker.Tell(new StepsCommitted(lease, [new(0, 0)], TimeSpan.Zero, FakeMethod.State(lease.Block, lease.Steps.To)), actor ?? blocks);
        trainer.FishForMessage(message => message is StepsCommitted commit && commit.Lease == lease);
    }

    private Func<BlockId, ComputeDevice, Props> BlockProps()
    {
        IActorRef told = blocks;
        ConcurrentQueue<(BlockId, ComputeDevice)> noted = made;
        return (block, device) =>
        {
            noted.Enqueue((block, device));
            return Props.Create(() => new Idle(told));
        };
    }

    /// <summary>A block that trains nothing: it passes on what it is told.</summary>
    private sealed class Idle : ReceiveActor
    {
        public Idle(IActorRef told) => ReceiveAny(message => told.Tell(message, Self));
    }
}
