using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using static TorchSharp.torch;

namespace NoProp.Actors.Inference;

/// <summary>One link of the chain: block t at inference, on the newest snapshot that was published.</summary>
public sealed class DenoiserActor : ReceiveActor
{
    private readonly BlockId block;
    private readonly IMethod method;
    private readonly IActorRef next;
    private readonly ComputeDevice device;
    private Snapshot? newest;
    private Snapshot? head;
    private IDenoiserCompute? compute;
    private (Snapshot? Block, Snapshot? Head) loaded;

    /// <summary>A link.</summary>
    /// <param name="block">Block t.</param>
    /// <param name="method">Method.</param>
    /// <param name="next">The link of block t + 1, or after the last block the inference actor.</param>
    /// <param name="device">Where it computes.</param>
    public DenoiserActor(BlockId block, IMethod method, IActorRef next, ComputeDevice device)
    {
        (this.block, this.method, this.next, this.device) = (block, method, next, device);
        Receive<Snapshot>(snapshot => (newest, head) = snapshot.Name == block.FileName ? (snapshot, head) : (newest, snapshot));
        Receive<Denoise>(Pass);
    }

    /// <summary>Props on the inference dispatcher.</summary>
    public static Props Props(BlockId block, IMethod method, IActorRef next, ComputeDevice device = default) =>
        Akka.Actor.Props.Create(() => new DenoiserActor(block, method, next, device)).WithDispatcher(Dispatchers.Inference);

    /// <inheritdoc/>
    protected override void PostStop() => compute?.Dispose();

    private void Pass(Denoise message)
    {
        if (newest is null)
        {
            Context.Parent.Tell(new DenoiseFailed(message, $"{block} has no snapshot yet: it has not been trained"));
            return;
        }

        try
        {
            TorchRuntime.UseOneThread();
            LoadNewest(newest);
            Classify request = message.Request;
            Tensor z = compute!
                .Denoise(request.Images, message.Trace[^1], step => request.Noise.Step(step, request.First, request.Images.shape[0], method.EmbeddingSize))
                .DetachFromDisposeScope();
            next.Tell(message with { Trace = message.Trace.Add(z), Versions = message.Versions.Add(newest.Clock) });
        }
        catch (Exception e)
        {
            Context.Parent.Tell(new DenoiseFailed(message, $"{block}: {e.Message.Split('\n')[0]}"));
        }
    }

    // Snapshots come far more often than requests; only one that is used is loaded.
    private void LoadNewest(Snapshot snapshot)
    {
        if (loaded != (snapshot, head))
        {
            compute?.Dispose();
            compute = null;
            compute = method.CreateDenoiser(block, snapshot, head, device);
            loaded = (snapshot, head);
        }
    }
}
