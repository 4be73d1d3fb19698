using Akka.Actor;
using Akka.Hosting;
using NoProp.Actors.Inference;
using NoProp.Actors.Protocol;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Methods;

namespace NoProp.Actors.Hosting;

/// <summary>The inference chain of a trained network, in an actor system of its own.</summary>
public sealed class InferenceSession : IAsyncDisposable
{
    private readonly LocalSystem system;
    private readonly IActorRef inference;

    private InferenceSession(LocalSystem system)
    {
        this.system = system;
        inference = system.Get<InferenceActor>();
    }

    /// <summary>Starts the chain on the states of a checkpoint.</summary>
    /// <param name="loaded">Settings.</param>
    /// <param name="method">What was trained.</param>
    /// <param name="snapshots">States of the blocks and of the head.</param>
    /// <exception cref="NoPropException">libtorch cannot be loaded.</exception>
    public static async Task<InferenceSession> StartAsync(LoadedSettings loaded, IMethod method, IReadOnlyList<Snapshot> snapshots)
    {
        InferenceSession session = new(await LocalSystem.StartAsync(akka => akka.AddHocon(loaded.Config, HoconAddMode.Prepend).WithInference(method)));
        session.inference.Tell(new PublishSnapshots([.. snapshots]));
        return session;
    }

    /// <summary>Measures the accuracy on a test set.</summary>
    /// <exception cref="NoPropException">A block has no state, or its state is of another network.</exception>
    public async Task<Evaluated> EvaluateAsync(Dataset dataset, EvaluationSettings settings, CancellationToken cancellation = default)
    {
        IActorRef evaluation = system.ActorSystem.ActorOf(EvaluationActor.Props(inference, dataset, settings));
        object answer = await evaluation.Ask<object>(new Evaluate(0), Timeout.InfiniteTimeSpan, cancellation);
        return answer as Evaluated ?? throw new NoPropException($"the test set cannot be read: {((EvaluationFailed)answer).Reason}");
    }

    /// <summary>Classes of some images.</summary>
    /// <exception cref="NoPropException">A block has no state, or its state is of another network.</exception>
    public async Task<Classified> ClassifyAsync(Classify request, CancellationToken cancellation = default)
    {
        object answer = await inference.Ask<object>(request, Timeout.InfiniteTimeSpan, cancellation);
        return answer as Classified ?? throw new NoPropException($"the images cannot be classified: {((ClassifyFailed)answer).Reason}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => system.DisposeAsync();
}
