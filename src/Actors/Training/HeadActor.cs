using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Training;

/// <summary>
/// Trains what the blocks share. The classifier needs labels only, no image and no block, so the head runs by itself behind the blocks:
/// one step for each of theirs, T for each mini-batch, as in Algorithm 1.
/// </summary>
public sealed class HeadActor : ReceiveActor
{
    /// <summary>Steps made in one message: enough to be worth it, few enough not to hold up a block's step.</summary>
    private const int Visit = 16;

    private readonly IMethod method;
    private readonly BatchSource source;
    private IHeadCompute? compute;
    private long target;

    /// <summary>A head without state: it gets that with its first message.</summary>
    public HeadActor(IMethod method, BatchSource source)
    {
        (this.method, this.source) = (method, source);
        Receive<AdvanceHead>(advance =>
        {
            compute ??= method.CreateHead(advance.State);
            bool working = compute.Clock < target;
            target = Math.Max(target, advance.To);
            if (!working)
            {
                Self.Tell(Continue.Instance);
            }
        });
        Receive<Continue>(_ => Train());
    }

    /// <summary>Props on the compute dispatcher.</summary>
    public static Props Props(IMethod method, BatchSource source) =>
        Akka.Actor.Props.Create(() => new HeadActor(method, source)).WithDispatcher(Dispatchers.Compute);

    /// <inheritdoc/>
    protected override void PostStop() => compute?.Dispose();

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason) => Context.Parent.Tell(new HeadRestarted(reason.Message));

    private void Train()
    {
        // A failed instance leaves a message of its own behind; the new one begins when it is sent its state.
        if (compute is null || compute.Clock >= target)
        {
            return;
        }

        TorchRuntime.UseOneThread();
        long from = compute.Clock;
        float loss = 0;
        while (compute.Clock < Math.Min(from + Visit, target))
        {
            using DisposeScope scope = NewDisposeScope();
            using Tensor labels = source.Labels(HeadOrder.BatchStep(compute.Clock, method.Blocks, source.StepsPerEpoch));
            loss += compute.Step(labels);
        }

        Context.Parent.Tell(new HeadAdvanced(compute.Clock, loss / (compute.Clock - from), compute.Snapshot()));
        if (compute.Clock < target)
        {
            Self.Tell(Continue.Instance);
        }
    }

    private sealed class Continue
    {
        public static readonly Continue Instance = new();
    }
}
