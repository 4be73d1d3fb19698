using System.Collections.Immutable;
using System.Diagnostics;
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
    private readonly LoadedClassifier classifier;
    private Snapshot? newest;
    private IActorRef? lender;
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
        classifier = new(method);
        Receive<Snapshot>(snapshot => Take(snapshot, from: null), snapshot => snapshot.Name == block.FileName);
        Receive<Snapshot>(snapshot => head = snapshot);
        Receive<LendSnapshot>(lent => Take(lent.Snapshot, Sender));
        Receive<Denoise>(Pass);
    }

    /// <summary>Props on the inference dispatcher.</summary>
    public static Props Props(BlockId block, IMethod method, IActorRef next, ComputeDevice device = default) =>
        Akka.Actor.Props.Create(() => new DenoiserActor(block, method, next, device)).WithDispatcher(Dispatchers.Inference);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        compute?.Dispose();
        classifier.Dispose();
    }

    private void Take(Snapshot snapshot, IActorRef? from)
    {
        // What was loaded from it is a copy.
        if (newest is not null)
        {
            lender?.Tell(new SnapshotReturned(newest));
        }

        (newest, lender) = (snapshot, from);
    }

    private void Pass(Denoise message)
    {
        if (newest is null)
        {
            Context.Parent.Tell(new DenoiseFailed(message, $"{block} has no snapshot yet: it has not been trained"));
            return;
        }

        ImmutableArray<(int, int, Tensor)>.Builder steps = message.Steps.ToBuilder();
        try
        {
            TorchRuntime.UseOneThread();
            LoadNewest(newest);
            long start = Stopwatch.GetTimestamp();
            Classify request = message.Request;
            IReadOnlyList<NoiseRows> rows = request.NoiseOfRows;
            int made = 0;
            Sampling sampling = new(
                request.Chain.Steps, request.Chain.Trace ? z => steps.Add((block.Value, ++made, z.clone().DetachFromDisposeScope())) : null);
            Tensor z = compute!
                .Denoise(request.Images, message.Trace[^1], step => NoiseRows.Step(rows, step, method.EmbeddingSize), sampling)
                .DetachFromDisposeScope();
            Denoise passed = message with
            {
                Trace = message.Trace.Add(z),
                Versions = message.Versions.Add(newest.Clock),
                Times = message.Times.Add(Stopwatch.GetElapsedTime(start)),
                Steps = steps.ToImmutable(),
            };
            passed = LookAt(passed);
            (passed.Over ? Context.Parent : next).Tell(passed);
        }
        catch (Exception e)
        {
            Context.Parent.Tell(new DenoiseFailed(message with { Steps = steps.ToImmutable() }, $"{block}: {e.Message.Split('\n')[0]}"));
        }
    }

    /// <summary>Whether the chain ends here: at the depth that was asked for, or because some block was sure of each image.</summary>
    private Denoise LookAt(Denoise passed)
    {
        ChainOptions options = passed.Request.Chain;
        if (options.StopAt is not { } enough || block.Value == method.Blocks)
        {
            return passed with { Over = block.Value == options.Depth };
        }

        using Tensor probabilities = classifier.At(passed.Head).Probabilities(passed.Trace[^1]);
        ImmutableHashSet<int> sure = passed.Sure.Union(
            probabilities.data<float>().ToArray().Chunk(method.Classes).Index().Where(row => row.Item.Max() >= enough).Select(row => row.Index));
        return passed with { Sure = sure, Over = block.Value == options.Depth || sure.Count == passed.Request.Images.shape[0] };
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
