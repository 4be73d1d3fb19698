using Akka.Actor;
using NoProp.Actors.Policies;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>How often a part may fail before the run ends.</summary>
/// <param name="MaxFailures">The failure that is one too many, at least 1.</param>
/// <param name="Within">The time in which they are counted.</param>
public sealed record Supervision(int MaxFailures, TimeSpan Within)
{
    /// <summary>Restarts until <see cref="MaxFailures"/> is reached, then stops the part.</summary>
    /// <param name="onFailure">Told every failure.</param>
    public SupervisorStrategy Strategy(Action<Exception> onFailure) => new OneForOneStrategy(
        MaxFailures - 1,
        (int)Within.TotalMilliseconds,
        failure =>
        {
            onFailure(failure);
            return Directive.Restart;
        },
        loggingEnabled: false);
}

/// <summary>Offers its slots to the trainer, keeps one BlockActor for each block that it holds, and restarts those that fail.</summary>
public sealed class WorkerActor : ReceiveActor
{
    private readonly Dictionary<BlockId, IActorRef> children = [];
    private readonly Dictionary<BlockId, GrantLease> active = [];
    private readonly Dictionary<BlockId, Snapshot?> newest = [];
    private readonly Dictionary<BlockId, string> failures = [];
    private readonly Dictionary<BlockId, ComputeDevice> places = [];
    private readonly IActorRef trainer;
    private readonly DeviceSlots slots;
    private readonly Supervision supervision;
    private readonly Func<BlockId, ComputeDevice, Props> blockProps;
    private int started;

    /// <summary>A worker that registers with the trainer.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="name">Name in leases and metrics.</param>
    /// <param name="slots">Blocks trained at once, and on which devices.</param>
    /// <param name="supervision">How often a block may fail.</param>
    /// <param name="blockProps">Makes a BlockActor for a device.</param>
    public WorkerActor(IActorRef trainer, string name, DeviceSlots slots, Supervision supervision, Func<BlockId, ComputeDevice, Props> blockProps)
    {
        this.trainer = trainer;
        this.slots = slots;
        this.supervision = supervision;
        this.blockProps = blockProps;
        Receive<GrantLease>(Grant);
        Receive<TruncateLease>(truncate => Child(truncate.Lease.Block)?.Tell(truncate));
        Receive<RevokeLease>(revoke => Revoke(revoke.Lease));
        // Of a head on another node: its answers come here, where the blocks are known.
        Receive<SharedReady>(ready => Child(ready.Lease.Block)?.Forward(ready));
        Receive<SharedProbed>(probed => Child(probed.Block)?.Forward(probed));
        Receive<LeaseRenewed>(renewed => trainer.Tell(renewed));
        Receive<GradientProbed>(probed => trainer.Tell(probed));
        Receive<StepsCommitted>(commit =>
        {
            BlockId block = commit.Lease.Block;
            if (active.TryGetValue(block, out GrantLease? grant) && grant.Lease == commit.Lease)
            {
                newest[block] = commit.State;
                active.Remove(block);
            }

            trainer.Tell(commit);
        });
        Receive<BlockRestarted>(restarted =>
        {
            trainer.Tell(restarted);
            if (active.TryGetValue(restarted.Block, out GrantLease? grant))
            {
                Sender.Tell(grant with { State = newest[restarted.Block] });
            }
        });
        Receive<Terminated>(terminated =>
        {
            // Only a block that failed too often ends unasked: a revoked one is unwatched first.
            BlockId block = children.First(child => child.Value.Equals(terminated.ActorRef)).Key;
            children.Remove(block);
            trainer.Tell(new BlockGaveUp(block, failures.GetValueOrDefault(block, $"{block} stopped")));
        });
        trainer.Tell(new RegisterWorker(name, slots.Count) { Devices = slots.ToString() });
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => supervision.Strategy(failure =>
    {
        if (failure is BlockStepException step)
        {
            failures[step.Block] = step.Message;
        }
    });

    private IActorRef? Child(BlockId block) => children.GetValueOrDefault(block);

    private void Grant(GrantLease grant)
    {
        BlockId block = grant.Lease.Block;
        ComputeDevice device = slots.Choose(active.Keys.Where(other => other != block).Select(other => places[other]), places.TryGetValue(block, out ComputeDevice before) ? before : null);
        if (device != before && children.Remove(block, out IActorRef? elsewhere))
        {
            // Its state comes with the grant: what it has on the other device is freed.
            Context.Stop(Context.Unwatch(elsewhere));
        }

        places[block] = device;
        if (!children.TryGetValue(block, out IActorRef? child))
        {
            child = Context.Watch(Context.ActorOf(blockProps(block, device), $"{block.FileName}-{++started}"));
            children.Add(block, child);
        }

        // Where no state comes with it the block is at its beginning, even if it has trained here: that commit was refused.
        newest[block] = grant.State;
        active[block] = grant;
        child.Tell(grant);
        if (slots.Devices.Length > 1)
        {
            trainer.Tell(new LeaseRenewed(grant.Lease) { Device = device.ToString() });
        }
    }

    private void Revoke(Lease lease)
    {
        if (active.TryGetValue(lease.Block, out GrantLease? grant) && grant.Lease == lease && children.Remove(lease.Block, out IActorRef? child))
        {
            active.Remove(lease.Block);
            Context.Stop(Context.Unwatch(child));
        }
    }
}
