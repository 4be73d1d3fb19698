using Akka.Actor;

namespace NoProp.Actors.Inference;

/// <summary>
/// Takes the one answer to a question of this process. What <c>Ask</c> does besides, a name among the temporary actors and a time-out, costs more than
/// handing on a request of one image.
/// </summary>
/// <param name="provider">The actor system's.</param>
internal sealed class AnswerRef(IActorRefProvider provider) : MinimalActorRef
{
    private readonly TaskCompletionSource<object> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public override ActorPath Path { get; } = provider.DeadLetters.Path;

    /// <inheritdoc/>
    public override IActorRefProvider Provider => provider;

    /// <summary>The first message.</summary>
    public Task<object> Answer => answer.Task;

    /// <summary>Nobody waits for it any more.</summary>
    public void Cancel(CancellationToken cancellation) => answer.TrySetCanceled(cancellation);

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender) => answer.TrySetResult(message);
}
