using System.Collections.Immutable;

namespace NoProp.Actors.Inference;

// Between callers and the actor that puts their requests together.

/// <summary>To the actor: what do these images show? Answered with <see cref="Prediction"/> or <see cref="PredictFailed"/>.</summary>
/// <param name="Id">Names the request, for <see cref="WithdrawPredict"/>.</param>
/// <param name="Request">A request that makes sense.</param>
internal sealed record Predict(Guid Id, PredictionRequest Request);

/// <summary>To the actor: nobody waits for this answer any more.</summary>
internal sealed record WithdrawPredict(Guid Id);

/// <summary>There is no answer.</summary>
internal sealed record PredictFailed(PredictionProblem Problem, string Reason);

/// <summary>What requests must have in common to share a batch.</summary>
/// <param name="Stochastic">Whether every step draws noise.</param>
/// <param name="Chain">How far they pass the chain.</param>
internal readonly record struct BatchKind(bool Stochastic, ChainOptions Chain);

/// <summary>A request on its way.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Request">Itself.</param>
/// <param name="Asker">Who gets the answer.</param>
/// <param name="Options">Seed, draws and steps that it is answered with.</param>
/// <param name="Kind">Whom it can share a batch with.</param>
/// <param name="Images">Images n.</param>
/// <param name="Number">Counts the requests.</param>
/// <param name="At">When it came.</param>
internal sealed record PendingPredict(
    Guid Id, PredictionRequest Request, Akka.Actor.IActorRef Asker, UsedOptions Options, BatchKind Kind, int Images, long Number, TimeSpan At)
{
    /// <summary>Rows that it has in a batch: each image once for each draw.</summary>
    public int Rows => Images * Options.Samples;

    /// <summary>Whether it passes the chain by itself, one draw after the other.</summary>
    public bool Alone => Request.Seed is not null;

    /// <summary>Random numbers of each draw.</summary>
    public IEnumerable<NoProp.Models.Methods.NoiseRows> Noise() => Enumerable.Range(0, Options.Samples)
        .Select(sample => new NoProp.Models.Methods.NoiseRows(new(Options.Seed, sample, Options.Stochastic), 0, Images));
}

/// <summary>Requests that are in the chain together.</summary>
/// <param name="Requests">They.</param>
/// <param name="Parts">Messages to the chain whose answers are not here yet, by number within the batch.</param>
internal sealed class BatchInChain(ImmutableArray<PendingPredict> Requests, int Parts)
{
    /// <summary>The requests.</summary>
    public ImmutableArray<PendingPredict> Requests { get; } = Requests;

    /// <summary>What has come.</summary>
    public Protocol.Classified?[] Answers { get; } = new Protocol.Classified?[Parts];

    /// <summary>Why there will be no answer.</summary>
    public string? Failure { get; set; }

    /// <summary>Answers that are missing.</summary>
    public int Missing { get; set; } = Parts;

    /// <summary>Network input, which the chain reads.</summary>
    public required TorchSharp.torch.Tensor Images { get; init; }

    /// <summary>Images, draws counted, that pass the chain together.</summary>
    public required int BatchSize { get; init; }
}
