using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains one block while it holds a lease: one mini-batch a message, so that others get their turn on the compute threads and a request
/// to stop is heard between steps. A step that throws leaves the decision to the supervisor; after a restart the worker sends the lease again.
/// </summary>
public sealed partial class BlockActor : ReceiveActor
{
    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly BlockId block;
    private readonly IMethod method;
    private readonly IActorRef loader;
    private readonly ComputeDevice device;
    private readonly LentBatches batches;

    private IBlockCompute? compute;
    private Lease? lease;
    private long end;
    private SharedSource? source;
    private Snapshot? spare;
    private SharedVersion? shared;
    private int sharedFor;
    private ImmutableArray<StepLoss>.Builder losses = ImmutableArray.CreateBuilder<StepLoss>();
    private TimeSpan computeTime;
    private WaitTimes waited;
    private long waitingSince;
    private long lastSign;

    /// <summary>An actor without state: it gets that with its first lease.</summary>
    /// <param name="block">The block.</param>
    /// <param name="method">What is trained.</param>
    /// <param name="loader">Prepares mini-batches.</param>
    /// <param name="patience">Time after which a wait is worth a warning.</param>
    /// <param name="probeEvery">Steps between two sampled gradients; 0 for none.</param>
    /// <param name="device">Where it computes.</param>
    public BlockActor(BlockId block, IMethod method, IActorRef loader, TimeSpan patience, int probeEvery, ComputeDevice device)
    {
        (this.block, this.method, this.loader, this.probeEvery, this.device) = (block, method, loader, probeEvery, device);
        batches = new(loader, device, step => method.BatchStep(block, step));
        Receive<GrantLease>(Begin);
        Receive<BatchReady>(arrived => Receive(arrived.Batch));
        Receive<BatchFailed>(failed => throw new BlockStepException(block, compute!.Clock, new NoPropException(failed.Reason)), _ => lease is not null);
        Receive<SharedReady>(answer => Receive(answer));
        Receive<SharedProbed>(Compare);
        Receive<Continue>(_ => TrainIfReady(waited));
        Receive<TruncateLease>(truncate => Truncate(truncate.Lease));
        Receive<ReceiveTimeout>(_ => WarnOf(patience), _ => lease is not null);
        SetReceiveTimeout(patience);
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(BlockId block, IMethod method, IActorRef loader, TimeSpan patience, int probeEvery = 0, ComputeDevice device = default) =>
        Akka.Actor.Props.Create(() => new BlockActor(block, method, loader, patience, probeEvery, device)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        batches.GiveAllBack();
        DropProbe();
        compute?.Dispose();
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason) => Context.Parent.Tell(new BlockRestarted(block, reason.Message));

    private void Begin(GrantLease grant)
    {
        (lease, source, shared, spare) = (grant.Lease, grant.Shared, null, grant.Spare);
        batches.Begin(lease.Steps.From);
        if (compute?.Clock != lease.Steps.From || grant.Moved)
        {
            compute?.Dispose();
            try
            {
                compute = method.CreateBlock(block, grant.State, device);
            }
            catch (Exception e)
            {
                compute = null;
                throw new BlockStepException(block, lease.Steps.From, e);
            }
        }

        losses = ImmutableArray.CreateBuilder<StepLoss>((int)lease.Steps.Count);
        (computeTime, waited) = (TimeSpan.Zero, default);
        lastSign = waitingSince = Stopwatch.GetTimestamp();
        end = lease.Steps.To;
        batches.AskAhead(lease.Steps.From, end);
        RequestShared();
    }

    private void Receive(Batch batch)
    {
        batches.Add(batch);
        TrainIfReady(waited with { Batch = waited.Batch + Stopwatch.GetElapsedTime(waitingSince) });
    }

    private void Receive(SharedReady answer)
    {
        if (lease == answer.Lease && answer.Step == compute!.Clock)
        {
            (shared, sharedFor) = (answer.Shared, answer.Steps);
            WaitTimes now = waited with { Shared = waited.Shared + Stopwatch.GetElapsedTime(waitingSince) };
            if (compute.Clock == end)
            {
                waited = now;
                Commit();
            }
            else
            {
                TrainIfReady(now);
            }
        }
    }

    /// <param name="waitedNow">The times waited, if what has just come was the last thing to be waited for.</param>
    private void TrainIfReady(WaitTimes waitedNow)
    {
        if (lease is not null && compute!.Clock < end && batches.Of(compute.Clock) is { } batch && (source is null || shared is not null))
        {
            waited = waitedNow;
            Train(batch);
        }
    }

    private void Train(Batch batch)
    {
        TorchRuntime.UseOneThread();
        batches.AskAhead(compute!.Clock, end);
        long start = Stopwatch.GetTimestamp();
        long at = compute.Clock;
        ImmutableArray<float> gradient;
        try
        {
            gradient = compute.Step(batch, shared);
        }
        catch (Exception e)
        {
            throw new BlockStepException(block, at, e);
        }

        // To read losses is to wait for the device; a step that gave the head a gradient has waited already, and a bad one must not reach it.
        bool isSignDue = Stopwatch.GetElapsedTime(lastSign) > RenewAfter;
        if (source is not null || isSignDue || compute.Clock == end)
        {
            ReadLosses();
        }

        if (!ProbeIfDue(batch, at))
        {
            batches.End(at);
        }

        source?.Head.Tell(new ApplyGradient(lease!, new(block, at, shared!.Version, gradient), Exact: source.Taken is not null));
        shared = --sharedFor > 0 ? shared : null;

        waitingSince = Stopwatch.GetTimestamp();
        computeTime += Stopwatch.GetElapsedTime(start, waitingSince);
        // In a fixed order, what the last step asked of the head is part of the lease too: a step is committed when it has had its effect.
        if (compute.Clock == end && source?.Taken is null)
        {
            Commit();
            return;
        }

        if (source is not null && shared is null)
        {
            RequestShared();
        }
        else if (batches.Of(compute.Clock) is not null)
        {
            // A message, and not a call, so that others get their turn on the compute threads.
            Self.Tell(Continue.Instance);
        }

        if (isSignDue)
        {
            lastSign = Stopwatch.GetTimestamp();
            Context.Parent.Tell(new LeaseRenewed(lease!));
        }
    }

    /// <summary>Reads the losses of the steps since the last time. One that is not finite fails the block at its step.</summary>
    private void ReadLosses()
    {
        ImmutableArray<StepLoss> read;
        try
        {
            read = compute!.ReadLosses();
        }
        catch (Exception e)
        {
            throw new BlockStepException(block, lease!.Steps.From + losses.Count, e);
        }

        foreach (StepLoss loss in read)
        {
            if (BlockStepException.ForLoss(block, lease!.Steps.From + losses.Count, loss) is { } failure)
            {
                throw failure;
            }

            losses.Add(loss);
        }
    }

    private void Truncate(Lease truncated)
    {
        if (lease == truncated)
        {
            end = compute!.Clock;
            if (source?.Taken is null || shared is not null)
            {
                Commit();
            }

            batches.GiveAllBack();
        }
    }

    private void Commit()
    {
        ReadLosses();
        Context.Parent.Tell(new StepsCommitted(lease!, losses.DrainToImmutable(), computeTime, compute!.Snapshot(spare)) { Waited = waited });
        spare = null;
        batches.GiveAllBack();
        source?.Head.Tell(new LeaseOver(lease!));
        lease = null;
    }

    private void RequestShared()
    {
        if (source is not null)
        {
            source.Head.Tell(new RequestShared(lease!, compute!.Clock, source.Taken + (compute.Clock - lease!.Steps.From), source.Refresh));
        }
    }

    private void WarnOf(TimeSpan patience)
    {
        (string what, IActorRef from) = source is not null && shared is null ? ("the shared parameters", source.Head) : ("the batch", loader);
        log.Warning("{0} has waited {1} s for {2} of step {3} from {4}", block, patience.TotalSeconds, what, compute?.Clock, from.Path);
    }

    private sealed class Continue
    {
        public static readonly Continue Instance = new();
    }
}
