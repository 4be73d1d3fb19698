using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains one block while it holds a lease, as <see cref="BlockActor"/> does, and leaves the arithmetic to the stack of its device: it brings the
/// mini-batches, and commits what comes of them. For blocks that read no shared parameters.
/// </summary>
public sealed class StackedBlockActor : ReceiveActor
{
    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly LentBatches batches;
    private readonly BlockId block;
    private readonly IActorRef loader;
    private readonly IActorRef stack;

    private Lease? lease;
    private Seat? seat;
    private long clock;
    private long end;
    private Waiting waiting;
    private TimeSpan computeTime;
    private TimeSpan waitedForBatches;
    private long waitingSince;
    private long lastSign;

    /// <summary>An actor without a lease.</summary>
    /// <param name="block">The block.</param>
    /// <param name="loader">Prepares mini-batches.</param>
    /// <param name="stack">Does the arithmetic.</param>
    /// <param name="patience">Time after which a wait is worth a warning.</param>
    /// <param name="device">Where the stack computes.</param>
    public StackedBlockActor(BlockId block, IActorRef loader, IActorRef stack, TimeSpan patience, ComputeDevice device)
    {
        (this.block, this.loader, this.stack, batches) = (block, loader, stack, new(loader, device, step => step));
        Receive<GrantLease>(Begin);
        Receive<BatchReady>(arrived => Take(arrived.Batch));
        Receive<BatchFailed>(failed => throw new BlockStepException(block, clock, new NoPropException(failed.Reason)), _ => lease is not null);
        Receive<SteppedInStack>(stepped => GoOn(stepped.ComputeTime), stepped => stepped.Seat == seat);
        Receive<LeftStack>(Commit, left => left.Seat == seat);
        Receive<StackFailed>(failed => throw new BlockStepException(block, clock, failed.Cause), failed => failed.Seat == seat);
        // Answers to an instance that has failed since, or to a lease that is over.
        Receive<SteppedInStack>(_ => { });
        Receive<LeftStack>(_ => { });
        Receive<StackFailed>(_ => { });
        Receive<TruncateLease>(truncate => Truncate(truncate.Lease));
        Receive<ReceiveTimeout>(_ => WarnOf(patience), _ => lease is not null);
        SetReceiveTimeout(patience);
    }

    /// <summary>What the block waits for.</summary>
    private enum Waiting
    {
        /// <summary>A mini-batch.</summary>
        Batch,

        /// <summary>The step that it has asked for.</summary>
        Step,

        /// <summary>What its part has come to.</summary>
        End,
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(BlockId block, IActorRef loader, IActorRef stack, TimeSpan patience, ComputeDevice device = default) =>
        Akka.Actor.Props.Create(() => new StackedBlockActor(block, loader, stack, patience, device)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        batches.GiveAllBack();
        Quit();
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason) => Context.Parent.Tell(new BlockRestarted(block, reason.Message));

    private void Begin(GrantLease grant)
    {
        batches.Begin(grant.Lease.Steps.From);
        Quit();
        (lease, seat, waiting) = (grant.Lease, new Seat(block), Waiting.Batch);
        (clock, end) = (lease.Steps.From, lease.Steps.To);
        (computeTime, waitedForBatches) = (TimeSpan.Zero, TimeSpan.Zero);
        lastSign = waitingSince = Stopwatch.GetTimestamp();
        stack.Tell(new JoinStack(seat, clock, grant.State, grant.Moved));
        batches.AskAhead(clock, end);
    }

    private void Take(Batch batch)
    {
        batches.Add(batch);
        if (StepIfReady())
        {
            waitedForBatches += Stopwatch.GetElapsedTime(waitingSince);
        }
    }

    /// <returns>Whether a step was asked for.</returns>
    private bool StepIfReady()
    {
        if (lease is null || waiting != Waiting.Batch || batches.Of(clock) is not { } batch)
        {
            return false;
        }

        waiting = Waiting.Step;
        // A hold of its own: if this actor is stopped, its batches go back to the loader while the stack may be at work on one.
        stack.Tell(new StepInStack(seat!, batch.Hold()));
        batches.AskAhead(clock, end);
        return true;
    }

    private void GoOn(TimeSpan stepTime)
    {
        batches.End(clock);
        clock++;
        computeTime += stepTime;
        waiting = Waiting.Batch;
        waitingSince = Stopwatch.GetTimestamp();
        if (clock == end)
        {
            Leave();
            return;
        }

        StepIfReady();
        if (Stopwatch.GetElapsedTime(lastSign) > RenewAfter)
        {
            lastSign = Stopwatch.GetTimestamp();
            Context.Parent.Tell(new LeaseRenewed(lease!));
        }
    }

    private void Truncate(Lease truncated)
    {
        if (lease == truncated && waiting == Waiting.Step)
        {
            // The others of the stack have counted on it: it is made.
            end = clock + 1;
        }
        else if (lease == truncated && waiting == Waiting.Batch)
        {
            Leave();
        }
    }

    private void Leave()
    {
        waiting = Waiting.End;
        stack.Tell(new LeaveStack(seat!));
        batches.GiveAllBack();
    }

    private void Commit(LeftStack left)
    {
        for (int i = 0; i < left.Losses.Length; i++)
        {
            if (BlockStepException.ForLoss(block, lease!.Steps.From + i, left.Losses[i]) is { } failure)
            {
                throw failure;
            }
        }

        Context.Parent.Tell(new StepsCommitted(lease!, left.Losses, computeTime, left.State) { Waited = new(waitedForBatches, TimeSpan.Zero) });
        (lease, seat) = (null, null);
    }

    private void Quit()
    {
        if (seat is not null)
        {
            stack.Tell(new QuitStack(seat));
        }
    }

    private void WarnOf(TimeSpan patience)
    {
        (string what, IActorRef from) = waiting switch
        {
            Waiting.Batch => ("the batch", loader),
            _ => ("the others", stack),
        };
        log.Warning("{0} has waited {1} s for {2} of step {3} from {4}", block, patience.TotalSeconds, what, clock, from.Path);
    }
}
