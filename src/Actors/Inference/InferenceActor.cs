using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Inference;

/// <summary>
/// Answers requests: draws z_0, sends it down the chain of denoisers, and reads z_T with the classifier. It never waits for training;
/// every block answers with the newest snapshot that it was given.
/// </summary>
public sealed class InferenceActor : ReceiveActor
{
    private readonly IMethod method;
    private readonly IActorRef[] chain;
    private readonly Dictionary<string, int> places;
    private readonly bool isHere;
    private Snapshot? newestHead;
    private readonly LoadedClassifier classifier;

    /// <summary>An inference actor with its chain.</summary>
    /// <param name="method">Method.</param>
    /// <param name="device">Where the chain computes; the classifier, which is small, does on the CPU.</param>
    /// <param name="links">One actor in the place of all links of the chain, which knows where they are; null for links here.</param>
    public InferenceActor(IMethod method, ComputeDevice device, Props? links)
    {
        (this.method, isHere) = (method, links is null);
        classifier = new(method);
        places = BlockId.UpTo(method.Blocks).ToDictionary(block => block.FileName, block => block.Index);
        chain = new IActorRef[method.Blocks];
        if (links is not null)
        {
            Array.Fill(chain, Context.ActorOf(links, "chain"));
        }

        IActorRef next = Self;
        foreach (BlockId block in isHere ? BlockId.UpTo(method.Blocks).Reverse() : [])
        {
            chain[block.Index] = next = Context.ActorOf(DenoiserActor.Props(block, method, next, device), block.FileName);
        }

        Receive<PublishSnapshots>(Publish);
        Receive<Classify>(Start);
        Receive<Denoise>(Finish);
        Receive<DenoiseFailed>(failed => Fail(failed.At, failed.Reason));
    }

    /// <summary>Props on the inference dispatcher.</summary>
    public static Props Props(IMethod method, ComputeDevice device = default, Props? links = null) =>
        Akka.Actor.Props.Create(() => new InferenceActor(method, device, links)).WithDispatcher(Dispatchers.Inference);

    /// <inheritdoc/>
    protected override void PostStop() => classifier.Dispose();

    private void Publish(PublishSnapshots publish)
    {
        foreach (Snapshot snapshot in publish.Snapshots)
        {
            if (places.TryGetValue(snapshot.Name, out int index))
            {
                if (publish.Lent)
                {
                    chain[index].Forward(new LendSnapshot(snapshot));
                }
                else
                {
                    chain[index].Tell(snapshot);
                }
            }
            else if (!BlockId.IsReplica(snapshot.Name))
            {
                newestHead = snapshot;
                foreach (IActorRef denoiser in method.Coupled || !isHere ? chain.Distinct() : [])
                {
                    denoiser.Tell(snapshot);
                }
            }
        }
    }

    private void Start(Classify request)
    {
        if (newestHead is null)
        {
            Sender.Tell(new ClassifyFailed(request.Id, "the classifier has no snapshot yet: it has not been trained"));
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor start = NoiseRows.Start(request.NoiseOfRows, method.EmbeddingSize).DetachFromDisposeScope();
        chain[0].Tell(new Denoise(request, Sender, [start], [], newestHead));
    }

    private void Finish(Denoise answered)
    {
        try
        {
            TorchRuntime.UseOneThread();
            IClassifierCompute read = classifier.At(answered.Head);
            using DisposeScope scope = NewDisposeScope();
            ChainOptions options = answered.Request.Chain;
            int skipped = options.LastOnly ? answered.Trace.Length - 1 : 1;
            ImmutableArray<float[]> probabilities = [.. answered.Trace.Skip(skipped).Select(z => read.Probabilities(z).data<float>().ToArray())];
            answered.ReplyTo.Tell(new Classified(answered.Request.Id, method.Classes, probabilities, answered.Versions)
            {
                HeadVersion = answered.Head.Clock,
                Times = answered.Times,
                Sights = options.Trace ? [.. Places(answered).Select(at => See(read, at.Block, at.Step, at.Z))] : [],
            });
            answered.Free();
        }
        catch (Exception e)
        {
            // Thrown on, it would restart this actor: the chain would lose its snapshots, and the asker would never hear of it.
            Fail(answered, $"the classifier: {e.Message.Split('\n')[0]}");
        }
    }

    // Where a block makes many steps, its last one gives what the whole block gives.
    private static IEnumerable<(int Block, int? Step, Tensor Z)> Places(Denoise answered) => answered.Steps.IsEmpty
        ? answered.Trace.Skip(1).Select((z, i) => (i + 1, (int?)null, z))
        : answered.Steps.Select(at => (at.Block, (int?)at.Step, at.Z));

    private static ChainSight See(IClassifierCompute read, int block, int? step, Tensor z) =>
        new(block, step, read.Probabilities(z).data<float>().ToArray(), read.Nearest(z).data<long>().ToArray());

    private static void Fail(Denoise at, string reason)
    {
        at.ReplyTo.Tell(new ClassifyFailed(at.Request.Id, reason));
        at.Free();
    }
}
