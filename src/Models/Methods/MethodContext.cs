using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;

namespace NoProp.Models.Methods;

/// <summary>What every method is made of.</summary>
/// <param name="Settings">Settings.</param>
/// <param name="Shape">Size of the images.</param>
/// <param name="Classes">Number of classes m.</param>
/// <param name="Prototypes">Finds the class prototypes, row-major [m, pixels]; needed only where the embedding begins with them.</param>
internal sealed record MethodContext(TrainingSettings Settings, ImageShape Shape, int Classes, Func<float[]>? Prototypes)
{
    /// <summary>Size d of the label embedding.</summary>
    public int EmbeddingSize => Settings.Embedding.Dimension(Classes, Shape.Pixels);

    /// <summary>Whether W is trained.</summary>
    public bool LearnsEmbedding => Settings.Embedding.Kind != EmbeddingKind.OneHot;

    /// <summary>A prototype is an image, and its pathway reads it as one.</summary>
    private LabelPathway Pathway => Settings.Embedding.Kind == EmbeddingKind.Prototype ? LabelPathway.Image : LabelPathway.Vector;

    /// <summary>What the blocks share.</summary>
    /// <param name="blocks">Number of blocks that train apart, replicas of one counted once.</param>
    /// <param name="classifier">Whether there is a classifier.</param>
    /// <param name="schedule">Whether the noise schedule is learned.</param>
    public SharedLayout Layout(int blocks, bool classifier = true, bool schedule = false) => new(
        Settings.Seed,
        Classes,
        EmbeddingSize,
        Settings.ClassProbability,
        classifier,
        schedule ? (Settings.Gamma0, Settings.Gamma1) : null,
        LearnsEmbedding ? InitialW : null,
        Settings.Embedding.Moments == MomentSharing.PerBlock ? blocks * Settings.Replicas : 0);

    /// <summary>The network of block t in discrete time, initial.</summary>
    public Denoiser CreateDenoiser(BlockId block) => new(Settings.Network, Shape, Classes, EmbeddingSize, WeightsOf(block), Pathway);

    /// <summary>The same with zeros for weights, which are those of a snapshot soon.</summary>
    public Denoiser CreateEmptyDenoiser() => new(Settings.Network, Shape, Classes, EmbeddingSize, weights: null, Pathway);

    /// <summary>The network of continuous time, initial.</summary>
    public TimeConditionedDenoiser CreateTimeConditioned() => new(Settings.Network, Shape, Classes, EmbeddingSize, WeightsOf(new BlockId(1)), Pathway);

    /// <summary>Where a block's training step draws random numbers.</summary>
    public NoiseKey Key(NoiseStream stream, int block, long step) => new(Settings.Seed, stream, block, step);

    private NoiseKey WeightsOf(BlockId block) => new(Settings.Seed, NoiseStream.Weights, block.Value);

    private float[] InitialW() => InitialEmbedding.Create(
        Settings.Embedding,
        Classes,
        Shape.Pixels,
        Settings.Seed,
        Prototypes ?? (() => throw new InvalidOperationException("class prototypes need the training images")));
}
