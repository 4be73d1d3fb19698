using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Diffusion;
using NoProp.Models.Embeddings;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Methods;

/// <summary>NoProp-DT (paper, section 2.1): T blocks, each trained alone to read the label from the image and a noisy label.</summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed class DiscreteTime : IMethod
{
    private readonly TrainingSettings settings;
    private readonly ImageShape shape;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    public DiscreteTime(TrainingSettings settings, ImageShape shape, int classes)
    {
        this.settings = settings;
        this.shape = shape;
        Classes = classes;
        Schedule = CosineSchedule.Create(settings.Blocks, settings.AbarMin, settings.AbarMax);
        Embedding = OneHot.Create(classes);
    }

    /// <inheritdoc/>
    public int Blocks => settings.Blocks;

    /// <inheritdoc/>
    public int Classes { get; }

    /// <inheritdoc/>
    public int EmbeddingSize => (int)Embedding.shape[1];

    /// <summary>abar_0..abar_T.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>W, [m, d].</summary>
    public Tensor Embedding { get; }

    /// <summary>Seed of the run.</summary>
    internal ulong Seed => settings.Seed;

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from) => new DiscreteTimeBlock(this, block, from);

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => new DiscreteTimeHead(this, from);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from) => new DiscreteTimeDenoiser(this, block, from);

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => new LinearClassifier(this, from);

    /// <summary>u_y, rows of W: int64 [batch] to [batch, d].</summary>
    public Tensor Embed(Tensor labels) => Embedding.index_select(0, labels);

    /// <summary>u_hat = softmax(logits) W: [batch, m] to [batch, d].</summary>
    public Tensor Output(Tensor logits) => Functional.softmax(logits, 1).matmul(Embedding);

    /// <summary>Weight of block t's squared error in the loss of a mini-batch: (T/2) eta (SNR(t) - SNR(t-1)), (8).</summary>
    public double DenoisingWeight(BlockId block) => Blocks / 2.0 * settings.Eta * Schedule.SnrGain(block.Value);

    /// <summary>Mean over the batch of ||u_hat - u_y||^2, the third term of (8) without its weight.</summary>
    /// <param name="uHat">[batch, d].</param>
    /// <param name="u">[batch, d].</param>
    public static Tensor SquaredError(Tensor uHat, Tensor u) => (uHat - u).Squared().sum(1).mean();

    /// <summary>E[ -log p_out(y | z_T) ], the first term of (8).</summary>
    /// <param name="logits">f_out(z_T), [batch, m].</param>
    /// <param name="labels">int64 [batch].</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) => Functional.cross_entropy(logits, labels);

    /// <summary>KL( q(z_0 | y) || N(0, I) ), the second term of (8), mean over the batch.</summary>
    /// <param name="u">u_y, [batch, d].</param>
    public Tensor KullbackLeibler(Tensor u)
    {
        double abar = Schedule.Abar(0);
        return u.Squared().Times(abar).Plus(1 - abar - 1 - Math.Log(1 - abar)).sum(1).mean().Times(0.5);
    }

    /// <summary>z_t ~ q(z_t | y), (5).</summary>
    /// <param name="t">0..T.</param>
    /// <param name="u">u_y, [batch, d].</param>
    /// <param name="key">Where the noise is drawn.</param>
    public Tensor Diffuse(int t, Tensor u, NoiseKey key) => Posterior.Diffuse(Schedule.Abar(t), u, Noise.Normal(key, u.shape));

    internal Denoiser CreateNetwork(BlockId block) =>
        new(settings.Network, shape, Classes, EmbeddingSize, new NoiseKey(Seed, NoiseStream.Weights, block.Value));

    internal Classifier CreateClassifierNetwork() => new(EmbeddingSize, Classes, new NoiseKey(Seed, NoiseStream.Weights));

    internal TrainingState CreateState(string name, ParameterSet parameters, Snapshot? from) =>
        new(name, parameters, settings.LearningRate, settings.WeightDecay, from);
}
