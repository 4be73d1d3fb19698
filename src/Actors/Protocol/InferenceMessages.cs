using System.Collections.Immutable;
using NoProp.Actors.Inference;
using NoProp.Models.Checkpoints;
using NoProp.Models.Methods;
using static TorchSharp.torch;

namespace NoProp.Actors.Protocol;

// Everyone who wants an answer, the inference actor, and its chain of denoisers.

/// <summary>To the inference actor: newer states of blocks or of the head. Requests that come later are answered with them.</summary>
public sealed record PublishSnapshots(ImmutableArray<Snapshot> Snapshots)
{
    /// <summary>Whether a chain in this process gives each state of a block back to the sender, by <see cref="SnapshotReturned"/>, when it has a newer one.</summary>
    public bool Lent { get; init; }
}

/// <summary>To a link of the chain: a newer state of its block, which the sender wants back when the next one has come.</summary>
internal sealed record LendSnapshot(Snapshot Snapshot);

/// <summary>To whom it was lent by: this state is not read any more.</summary>
internal sealed record SnapshotReturned(Snapshot Snapshot);

/// <summary>To the inference actor: which classes are these? Answered to the sender with <see cref="Classified"/> or <see cref="ClassifyFailed"/>.</summary>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="Images">Network input, [n, channels, height, width]; stays the sender's, who keeps it until the answer.</param>
/// <param name="First">Number of the first image, the address of its noise.</param>
/// <param name="Noise">Random numbers of z_0 and, if stochastic, of every step.</param>
public sealed record Classify(long Id, Tensor Images, long First, InferenceNoise Noise)
{
    /// <summary>Random numbers of rows that are of several requests; together they are all rows. Empty where <see cref="Noise"/> is that of all.</summary>
    public ImmutableArray<NoiseRows> Rows { get; init; } = [];

    /// <summary>How far the images pass the chain, and what is wanted of it.</summary>
    public ChainOptions Chain { get; init; } = ChainOptions.Whole;

    /// <summary>The random numbers of all rows.</summary>
    internal IReadOnlyList<NoiseRows> NoiseOfRows => Rows.IsEmpty ? [new NoiseRows(Noise, First, Images.shape[0])] : Rows;
}

/// <summary>The answer.</summary>
/// <param name="Id">The request's.</param>
/// <param name="Classes">Number of classes m.</param>
/// <param name="Probabilities">
/// For each depth 1..T that the images have passed, or for the last one alone, p_out(y | z_t) of every image: [n * m], row by row.
/// </param>
/// <param name="Versions">Clock of each block that answered, 1..T.</param>
public sealed record Classified(long Id, int Classes, ImmutableArray<float[]> Probabilities, ImmutableArray<long> Versions)
{
    /// <summary>Clock of the classifier.</summary>
    public long HeadVersion { get; init; }

    /// <summary>Time of each block that answered.</summary>
    public ImmutableArray<TimeSpan> Times { get; init; } = [];

    /// <summary>What was seen on the way, where it was asked for: after each step of a block that makes many, otherwise after each block.</summary>
    public ImmutableArray<ChainSight> Sights { get; init; } = [];

    /// <summary>The most probable class of each image after block <paramref name="depth"/> (1..T).</summary>
    public IEnumerable<int> Predictions(int depth) =>
        Probabilities[depth - 1].Chunk(Classes).Select(row => Array.IndexOf(row, row.Max()));
}

/// <summary>There is no answer.</summary>
public sealed record ClassifyFailed(long Id, string Reason);

/// <summary>To the evaluation actor: measure the accuracy on the test set.</summary>
/// <param name="Epoch">Comes back in the answer.</param>
public sealed record Evaluate(int Epoch);

/// <summary>Evaluation actor to the asker.</summary>
/// <param name="Epoch">The request's.</param>
/// <param name="AccuracyPerBlock">Share of test images read right after each block, 0..1, mean over the draws of noise.</param>
/// <param name="Versions">Clock of each block that answered last.</param>
public sealed record Evaluated(int Epoch, ImmutableArray<double> AccuracyPerBlock, ImmutableArray<long> Versions)
{
    /// <summary>Accuracy of the whole chain, 0..1.</summary>
    public double Accuracy => AccuracyPerBlock[^1];
}

/// <summary>Evaluation actor to the asker: it could not be measured.</summary>
public sealed record EvaluationFailed(int Epoch, string Reason);

/// <summary>Along the chain: a request on its way.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="ReplyTo">Who gets z_T.</param>
/// <param name="Trace">z_0..z_t so far, each [n, d]; owned by the message.</param>
/// <param name="Versions">Clocks of the blocks passed.</param>
/// <param name="Head">The state of the classifier that reads z.</param>
internal sealed record Denoise(
    Classify Request, Akka.Actor.IActorRef ReplyTo, ImmutableArray<Tensor> Trace, ImmutableArray<long> Versions, Snapshot Head)
{
    /// <summary>Time of each block passed.</summary>
    public ImmutableArray<TimeSpan> Times { get; init; } = [];

    /// <summary>z after the steps within blocks, each [n, d]; owned by the message.</summary>
    public ImmutableArray<(int Block, int Step, Tensor Z)> Steps { get; init; } = [];

    /// <summary>Images of which some block passed was sure enough.</summary>
    public ImmutableHashSet<int> Sure { get; init; } = [];

    /// <summary>Whether the chain ends here though blocks are left.</summary>
    public bool Over { get; init; }

    /// <summary>Disposes of what the message owns.</summary>
    public void Free()
    {
        foreach (Tensor z in Trace.Concat(Steps.Select(at => at.Z)))
        {
            z.Dispose();
        }
    }
}

/// <summary>From a denoiser: the request stops here.</summary>
internal sealed record DenoiseFailed(Denoise At, string Reason);
