using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains what the blocks share, one step for each of theirs: T for each mini-batch, as in Algorithm 1. Where blocks read nothing of it, the
/// head needs labels only, and runs by itself behind them. Otherwise each of its steps takes one gradient of a block, once.
/// </summary>
public sealed class HeadActor : ReceiveActor
{
    /// <summary>Steps made in one message: enough to be worth it, few enough not to hold up a block's step.</summary>
    private const int Visit = 16;

    private readonly IMethod method;
    private readonly BatchSource source;
    private readonly List<(RequestShared Request, IActorRef Asker)> waiting = [];
    private IHeadCompute? compute;
    private Snapshot? committed;
    private long target;
    private long reported = -1;
    private bool restarted;
    private (float Sum, int Count) losses;

    /// <summary>A head without state: it gets that with its first message.</summary>
    public HeadActor(IMethod method, BatchSource source)
    {
        (this.method, this.source) = (method, source);
        Receive<AdvanceHead>(Advance);
        Receive<Continue>(_ => Train());
        Receive<ApplyGradient>(Apply);
        Receive<RequestShared>(request =>
        {
            waiting.Add((request, Sender));
            Answer();
        });
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(IMethod method, BatchSource source) =>
        Akka.Actor.Props.Create(() => new HeadActor(method, source)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop() => compute?.Dispose();

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        restarted = true;
        Context.Parent.Tell(new HeadRestarted(reason.Message));
    }

    private void Advance(AdvanceHead advance)
    {
        if (compute is null)
        {
            // What was sent before the trainer knew of the failure may hold a state older than the last report.
            if (restarted && !advance.AfterRestart)
            {
                return;
            }

            compute = method.CreateHead(committed = advance.State);
            if (restarted)
            {
                // Their leases are void, and begin again: a gradient of a later step would hide that an earlier one is still to come.
                waiting.Clear();
            }
        }

        bool working = compute.Clock < target;
        target = Math.Max(target, advance.To);
        if (method.Coupled && compute.Clock >= target)
        {
            // Once for each target: a report later than the first would hold steps of the next lease, and pass them off as committed.
            if (target > reported)
            {
                Report();
            }
        }
        else if (!working)
        {
            Self.Tell(Continue.Instance);
        }

        Answer();
    }

    /// <summary>Steps by the head's own terms alone: all of them where blocks read nothing of it, otherwise those whose gradients a failure has lost.</summary>
    private void Train()
    {
        // A failed instance leaves a message of its own behind; the new one begins when it is sent its state.
        if (compute is null || compute.Clock >= target)
        {
            return;
        }

        for (long to = Math.Min(compute.Clock + Visit, target); compute.Clock < to;)
        {
            Step(gradient: null);
        }

        Report();
        if (compute.Clock < target)
        {
            Self.Tell(Continue.Instance);
        }

        Answer();
    }

    private void Apply(ApplyGradient apply)
    {
        SharedGradient gradient = apply.Gradient;
        bool late = compute is null || compute.IsApplied(gradient.Block, gradient.Step) || (apply.Exact && gradient.Version != compute.Clock);
        if (!late)
        {
            Step(gradient);
            Answer();
        }
    }

    private void Step(SharedGradient? gradient)
    {
        TorchRuntime.UseOneThread();
        using DisposeScope scope = NewDisposeScope();
        using Tensor labels = source.Labels(HeadOrder.BatchStep(compute!.Clock, method.Blocks, source.StepsPerEpoch));
        losses = (losses.Sum + compute.Step(labels, gradient), losses.Count + 1);
    }

    private void Report()
    {
        committed = compute!.Snapshot();
        reported = Math.Min(compute.Clock, target);
        Context.Parent.Tell(new HeadAdvanced(compute.Clock, reported, losses.Count == 0 ? 0 : losses.Sum / losses.Count, committed));
        losses = default;
    }

    private void Answer()
    {
        if (compute is null)
        {
            return;
        }

        GoBack();
        foreach ((RequestShared request, IActorRef asker) in waiting.Where(entry => (entry.Request.Taken ?? compute.Clock) == compute.Clock).ToArray())
        {
            asker.Tell(new SharedReady(request.Step, compute.Shared));
            waiting.Remove((request, asker));
        }

        // Only a block whose lease is void asks for a version that has passed: nobody waits for the answer.
        waiting.RemoveAll(entry => entry.Request.Taken < compute.Clock);
    }

    // A block that failed in the middle of a lease begins the lease again; where it must find each version as it was, so does the head.
    private void GoBack()
    {
        if (compute!.Clock > (committed?.Clock ?? 0) && waiting.Exists(entry => entry.Request.Taken == (committed?.Clock ?? 0)))
        {
            compute.Dispose();
            compute = method.CreateHead(committed);
            losses = default;
        }
    }

    private sealed class Continue
    {
        public static readonly Continue Instance = new();
    }
}
