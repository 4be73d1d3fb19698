using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains one block while it holds a lease: one mini-batch a message, so that others get their turn on the compute threads and a request
/// to stop is heard between steps. A step that throws leaves the decision to the supervisor; after a restart the worker sends the lease again.
/// </summary>
public sealed class BlockActor : ReceiveActor
{
    /// <summary>Batches asked for ahead of the step that needs them.</summary>
    private const int ReadAhead = 2;

    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly BlockId block;
    private readonly IMethod method;
    private readonly IActorRef loader;

    private IBlockCompute? compute;
    private Lease? lease;
    private long requestedTo;
    private long end;
    private long? reading;
    private ImmutableArray<StepLoss>.Builder losses = ImmutableArray.CreateBuilder<StepLoss>();
    private TimeSpan computeTime;
    private long lastSign;

    /// <summary>An actor without state: it gets that with its first lease.</summary>
    public BlockActor(BlockId block, IMethod method, IActorRef loader, TimeSpan patience)
    {
        (this.block, this.method, this.loader) = (block, method, loader);
        Receive<GrantLease>(Begin);
        Receive<BatchReady>(ready => Receive(ready.Batch));
        Receive<TruncateLease>(truncate => Truncate(truncate.Lease));
        Receive<ReceiveTimeout>(_ => log.Warning("{0} has waited {1} s for the batch of step {2} from {3}", block, patience.TotalSeconds, compute?.Clock, loader.Path), _ => lease is not null);
        SetReceiveTimeout(patience);
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(BlockId block, IMethod method, IActorRef loader, TimeSpan patience) =>
        Akka.Actor.Props.Create(() => new BlockActor(block, method, loader, patience)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        ReleaseReading();
        compute?.Dispose();
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason) => Context.Parent.Tell(new BlockRestarted(block, reason.Message));

    private void Begin(GrantLease grant)
    {
        lease = grant.Lease;
        if (compute?.Clock != lease.Steps.From)
        {
            compute?.Dispose();
            try
            {
                compute = method.CreateBlock(block, grant.State);
            }
            catch (Exception e)
            {
                compute = null;
                throw new BlockStepException(block, lease.Steps.From, e);
            }
        }

        losses = ImmutableArray.CreateBuilder<StepLoss>((int)lease.Steps.Count);
        computeTime = TimeSpan.Zero;
        lastSign = Stopwatch.GetTimestamp();
        requestedTo = lease.Steps.From;
        end = lease.Steps.To;
        RequestAhead();
    }

    private void Receive(Batch batch)
    {
        // Batches of an earlier lease, or asked for by an instance that has failed since, still arrive; each is released once.
        reading = batch.Step;
        if (lease is not null && batch.Step == compute!.Clock && batch.Step < end)
        {
            Train(batch);
        }

        ReleaseReading();
    }

    private void Train(Batch batch)
    {
        TorchRuntime.UseOneThread();
        RequestAhead();
        long start = Stopwatch.GetTimestamp();
        try
        {
            losses.Add(Finite(compute!.Step(batch)));
        }
        catch (Exception e)
        {
            throw new BlockStepException(block, batch.Step, e);
        }

        computeTime += Stopwatch.GetElapsedTime(start);
        if (compute.Clock == end)
        {
            Commit();
        }
        else if (Stopwatch.GetElapsedTime(lastSign) > RenewAfter)
        {
            lastSign = Stopwatch.GetTimestamp();
            Context.Parent.Tell(new LeaseRenewed(lease!));
        }
    }

    // Weights that are not numbers never become numbers again: every later step would be spent for nothing.
    private static StepLoss Finite(StepLoss loss) => float.IsFinite(loss.Loss)
        ? loss
        : throw new NoPropException($"the loss is {loss.Loss}, not a finite number; lower noprop.optimizer.learning-rate");

    private void Truncate(Lease truncated)
    {
        if (lease == truncated)
        {
            end = compute!.Clock;
            Commit();
        }
    }

    private void Commit()
    {
        Context.Parent.Tell(new StepsCommitted(lease!, losses.ToImmutable(), computeTime, compute!.Snapshot()));
        lease = null;
    }

    private void RequestAhead()
    {
        for (; requestedTo < Math.Min(compute!.Clock + ReadAhead, end); requestedTo++)
        {
            loader.Tell(new RequestBatch(requestedTo));
        }
    }

    private void ReleaseReading()
    {
        if (reading is { } step)
        {
            loader.Tell(new ReleaseBatch(step));
            reading = null;
        }
    }
}
