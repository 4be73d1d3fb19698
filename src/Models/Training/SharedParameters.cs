using NoProp.Models.Diffusion;
using NoProp.Models.Embeddings;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>Which parameters the blocks of a method share.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Classes">Number of classes m.</param>
/// <param name="EmbeddingSize">Size d of the label embedding.</param>
/// <param name="ClassProbability">How a class probability is read from z_T, (14)-(16).</param>
/// <param name="HasClassifier">Whether there is a classifier theta_out.</param>
/// <param name="Schedule">The end points gamma_0 and gamma_1 of a learned schedule; null where the schedule is fixed.</param>
/// <param name="InitialEmbedding">Initial W, row-major [m, d], where W is learned; null where it is the fixed one-hot.</param>
/// <param name="EmbeddingContributors">Blocks with optimiser moments of their own for W; 0 where all share one set.</param>
internal sealed record SharedLayout(
    ulong Seed,
    int Classes,
    int EmbeddingSize,
    ClassProbabilitySettings ClassProbability,
    bool HasClassifier = true,
    (double Gamma0, double Gamma1)? Schedule = null,
    Func<float[]>? InitialEmbedding = null,
    int EmbeddingContributors = 0)
{
    /// <summary>Name of W in snapshots.</summary>
    public const string EmbeddingName = "embedding.weight";

    /// <summary>Whether W is trained.</summary>
    public bool LearnsEmbedding => InitialEmbedding is not null;

    /// <summary>Number of values of W, which come last in the flat vector of all shared parameters where W is trained.</summary>
    public long EmbeddingCount => (long)Classes * EmbeddingSize;

    /// <summary>Shapes of the learned schedule's parameters, in the order of their declaration.</summary>
    public static IEnumerable<long[]> ScheduleShapes() => LearnedSchedule.Declare(new ParameterSet()).Select(parameter => parameter.Shape.ToArray());
}

/// <summary>The memory of what the blocks share: classifier, learned schedule, learned W, in this order.</summary>
internal sealed class SharedParameters : IDisposable
{
    private readonly List<TrainedSet> sets = [];

    /// <summary>The parameters of a layout.</summary>
    /// <param name="layout">What is shared.</param>
    /// <param name="initial">Whether W gets its initial values; where a snapshot follows, finding them is not worth it.</param>
    public SharedParameters(SharedLayout layout, bool initial)
    {
        NoiseKey key = new(layout.Seed, NoiseStream.Weights);
        if (layout.HasClassifier)
        {
            sets.Add(new(new Classifier(layout.EmbeddingSize, layout.Classes, key).Parameters));
        }

        if (layout.Schedule is { } ends)
        {
            ParameterSet schedule = new();
            LearnedSchedule.Declare(schedule, ends.Gamma0, ends.Gamma1);
            schedule.Build(key);
            sets.Add(Schedule = new(schedule));
        }

        if (layout.InitialEmbedding is { } embedding)
        {
            ParameterSet set = new();
            set.AddGiven(SharedLayout.EmbeddingName, [layout.Classes, layout.EmbeddingSize], initial ? embedding() : new float[layout.Classes * layout.EmbeddingSize]);
            set.Build(key);
            sets.Add(Embedding = new(set, Contributors: layout.EmbeddingContributors));
        }
    }

    /// <summary>The parts, each with its own optimiser.</summary>
    public IReadOnlyList<TrainedSet> Sets => sets;

    /// <summary>The learned schedule's part; null where it is fixed.</summary>
    public TrainedSet? Schedule { get; }

    /// <summary>W's part; null where it is fixed.</summary>
    public TrainedSet? Embedding { get; }

    /// <summary>Where the values of a part begin in the flat vector of all.</summary>
    public long Offset(TrainedSet part) => sets.TakeWhile(set => set != part).Sum(set => set.Parameters.Count);

    /// <summary>A copy of all values, float32 [n].</summary>
    public Tensor Flat() => sets.Count == 0 ? zeros(0, ScalarType.Float32) : cat([.. sets.Select(set => set.Parameters.Flat)]);

    /// <inheritdoc/>
    public void Dispose() => sets.ForEach(set => set.Parameters.Dispose());
}
