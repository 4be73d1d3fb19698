using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Actors.Tests.Equality;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Actors.Tests.Training;

/// <summary>Counts the tensors of the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(TensorCounting), DisableParallelization = true)]
public sealed class TensorCounting;

[Collection(nameof(TensorCounting))]
public sealed class MemoryTests() : TestKit(SettingsLoader.Load(null, ["noprop.slots=2"]).Config)
{
    private const int Blocks = 2;
    private const int StepsPerLease = 50;

    [Fact]
    public void Three_thousand_steps_leave_no_tensor_behind()
    {
        // Every step is of the same kind, so at two moments of rest the same tensors are alive, to the last one. Counted without a garbage
        // collection in between: what only the finaliser frees was leaked.
        RunPlan plan = Runs.OnDigits($"noprop.blocks={Blocks}", "noprop.network.channels=[2, 2]");
        // Room for more batches than one block can be ahead: what is evicted and made again for a late one would stay in the cache for a while.
        IActorRef loader = Sys.ActorOf(DataLoaderActor.Props(plan.Batches(), Blocks, 2, 2 * StepsPerLease));
        IActorRef worker = Sys.ActorOf(Props.Create(() => new WorkerActor(
            TestActor,
            "west",
            DeviceSlots.OnCpu(Blocks),
            new Supervision(3, TimeSpan.FromMinutes(1)),
            (block, _) => BlockActor.Props(block, plan.Method, loader, TimeSpan.FromMinutes(1)))));
        ExpectMsg<RegisterWorker>();
        Snapshot?[] states = new Snapshot?[Blocks];
        Train(worker, states, leases: 4);
        Settle();
        long before = Count(loader, states);

        Train(worker, states, leases: 30);

        Assert.Equal(before, Count(loader, states));
    }

    /// <summary>Has the garbage collector finish what other tests, and the making of these networks, left to it.</summary>
    internal static void Settle()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    /// <summary>Trains leases of all blocks side by side.</summary>
    private void Train(IActorRef worker, Snapshot?[] states, int leases)
    {
        for (int i = 0; i < leases; i++)
        {
            foreach (BlockId block in BlockId.UpTo(Blocks))
            {
                long from = states[block.Index]?.Clock ?? 0;
                Lease lease = new(block, new LeaseEpoch(from + 1), new StepRange(from, from + StepsPerLease), "west");
                worker.Tell(new GrantLease(lease, states[block.Index]));
            }

            for (int block = 0; block < Blocks; block++)
            {
                StepsCommitted commit = FishForMessage<StepsCommitted>(_ => true, TimeSpan.FromSeconds(30));
                states[commit.Lease.Block.Index] = commit.State;
            }
        }
    }

    /// <summary>
    /// Tensors alive when the loader has made and freed all that it was asked for. A commit is sent just before the last batch is released, so
    /// the count is taken when it has come to rest.
    /// </summary>
    private long Count(IActorRef loader, Snapshot?[] states)
    {
        TestProbe probe = CreateTestProbe();
        long count = -1;
        AwaitCondition(
            () =>
            {
                loader.Tell(new Identify(states[0]!.Clock), probe);
                probe.ExpectMsg<ActorIdentity>();
                return count == (count = Tensor.TotalCount);
            },
            TimeSpan.FromSeconds(10),
            TimeSpan.FromMilliseconds(50));
        return count;
    }
}
