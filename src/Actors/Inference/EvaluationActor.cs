using System.Collections.Immutable;
using Akka.Actor;
using NoProp.Actors.Protocol;
using NoProp.Actors.Training;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Actors.Inference;

/// <summary>How the test set is read.</summary>
/// <param name="BatchSize">Images in a request.</param>
/// <param name="Samples">Draws of noise over which the accuracy is averaged.</param>
/// <param name="Stochastic">Whether every step draws noise, or z_0 alone.</param>
/// <param name="Seed">Seed of the noise.</param>
public sealed record EvaluationSettings(int BatchSize, int Samples, bool Stochastic, ulong Seed);

/// <summary>Measures the accuracy on the test set by asking the inference actor, a few requests at a time. One evaluation after another.</summary>
public sealed class EvaluationActor : ReceiveActor, IWithUnboundedStash
{
    /// <summary>Requests in the chain at once, so that its links work side by side.</summary>
    private const int InFlight = 4;

    private readonly IActorRef inference;
    private readonly Dataset dataset;
    private readonly EvaluationSettings settings;
    private readonly int chunks;
    private readonly Dictionary<long, Chunk> waiting = [];

    private Evaluate request = new(0);
    private IActorRef asker = ActorRefs.Nobody;
    private long[] correct = [];
    private ImmutableArray<long> versions = [];
    private string? failure;
    private long nextChunk;

    /// <summary>An evaluation actor over a test set.</summary>
    public EvaluationActor(IActorRef inference, Dataset dataset, EvaluationSettings settings)
    {
        (this.inference, this.dataset, this.settings) = (inference, dataset, settings);
        chunks = (int)((dataset.Test.Count + settings.BatchSize - 1) / settings.BatchSize);
        Become(Idle);
    }

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    private long TotalChunks => (long)chunks * settings.Samples;

    /// <summary>Props on the inference dispatcher.</summary>
    public static Props Props(IActorRef inference, Dataset dataset, EvaluationSettings settings) =>
        Akka.Actor.Props.Create(() => new EvaluationActor(inference, dataset, settings)).WithDispatcher(Dispatchers.Inference);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (Chunk chunk in waiting.Values)
        {
            chunk.Images.Dispose();
        }
    }

    private void Idle()
    {
        Receive<Evaluate>(evaluate =>
        {
            (request, asker, correct, nextChunk, failure) = (evaluate, Sender, [], 0, null);
            BecomeStacked(Busy);
            while (nextChunk < Math.Min(InFlight, TotalChunks))
            {
                AskNext();
            }
        });
    }

    private void Busy()
    {
        Receive<Evaluate>(_ => Stash.Stash());
        Receive<Classified>(Count);
        Receive<ClassifyFailed>(failed =>
        {
            failure ??= failed.Reason;
            Answered(failed.Id);
        });
    }

    private void AskNext()
    {
        TorchRuntime.UseOneThread();
        (long sample, long index) = Math.DivRem(nextChunk, chunks);
        long first = index * settings.BatchSize;
        long count = Math.Min(settings.BatchSize, dataset.Test.Count - first);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = dataset.Normalise(dataset.Test.Images.narrow(0, first, count)).DetachFromDisposeScope();
        long[] labels = dataset.Test.Labels.narrow(0, first, count).data<long>().ToArray();
        waiting.Add(nextChunk, new Chunk(images, labels));
        inference.Tell(new Classify(nextChunk, images, first, new InferenceNoise(settings.Seed, (int)sample, settings.Stochastic)));
        nextChunk++;
    }

    private void Count(Classified answer)
    {
        if (correct.Length == 0)
        {
            correct = new long[answer.Probabilities.Length];
        }

        for (int depth = 1; depth <= correct.Length; depth++)
        {
            correct[depth - 1] += answer.Predictions(depth).Zip(waiting[answer.Id].Labels).Count(pair => pair.First == pair.Second);
        }

        versions = answer.Versions;
        Answered(answer.Id);
    }

    /// <summary>Goes on, or ends when nothing is in the chain any more: until then the chain reads the images.</summary>
    private void Answered(long id)
    {
        waiting.Remove(id, out Chunk? chunk);
        chunk!.Images.Dispose();
        if (failure is null && nextChunk < TotalChunks)
        {
            AskNext();
        }
        else if (waiting.Count == 0)
        {
            double all = (double)dataset.Test.Count * settings.Samples;
            asker.Tell(failure is null
                ? new Evaluated(request.Epoch, [.. correct.Select(count => count / all)], versions)
                : new EvaluationFailed(request.Epoch, failure));
            UnbecomeStacked();
            Stash.Unstash();
        }
    }

    private sealed record Chunk(Tensor Images, long[] Labels);
}
