using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Diffusion;
using NoProp.Models.Inference;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>NoProp-DT (paper, section 2.1): T blocks, each trained alone to read the label from the image and a noisy label.</summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed partial class DiscreteTime : IMethod
{
    private readonly MethodContext context;
    private readonly SharedLayout layout;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="prototypes">Finds the class prototypes, row-major [m, pixels], where the embedding begins with them.</param>
    public DiscreteTime(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes = null)
    {
        context = new(settings, shape, classes, prototypes);
        layout = context.Layout(settings.Blocks);
        Schedule = CosineSchedule.Create(settings.Blocks, settings.AbarMin, settings.AbarMax);
    }

    /// <inheritdoc/>
    public int Blocks => context.Settings.Blocks;

    /// <inheritdoc/>
    public int Classes => context.Classes;

    /// <inheritdoc/>
    public int EmbeddingSize => context.EmbeddingSize;

    /// <summary>With a fixed W nothing couples the blocks.</summary>
    public bool Coupled => layout.LearnsEmbedding;

    /// <summary>abar_0..abar_T.</summary>
    public NoiseSchedule Schedule { get; }

    /// <inheritdoc/>
    public double SamplingWeight(BlockId block) => Schedule.SnrGain(block.Value);

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
    {
        Denoiser network = from is null ? CreateNetwork(block) : context.CreateEmptyDenoiser();
        return new BlockTraining(
            block, [new(network.Parameters)], layout, Coupled, context.Settings.CreateOptimiser, from, device, context.Settings.Replicas, (batch, shared) => Objective(network, block, batch, shared));
    }

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => new HeadTraining(layout, Blocks * context.Settings.Replicas, context.Settings.CreateOptimiser, from, HeadTerms);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default)
    {
        Denoiser network = context.CreateEmptyDenoiser();
        Posterior posterior = Posterior.At(Schedule, block.Value);
        return new SnapshotDenoiser(
            block,
            [new(network.Parameters)],
            from,
            layout,
            Coupled,
            head,
            device,
            (shared, images, z, eps, _) => posterior.Step(shared.Output(network.Logits(images, z, ForwardPass.Inference)), z, eps(block.Value)));
    }

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => new SnapshotClassifier(layout, from, (shared, z) => shared.LogProbabilities(z));

    /// <summary>Weight of block t's squared error in the loss of a mini-batch: (T/2) eta (SNR(t) - SNR(t-1)), (8).</summary>
    public double DenoisingWeight(BlockId block) => Blocks / 2.0 * context.Settings.Eta * Schedule.SnrGain(block.Value);

    /// <summary>Mean over the batch of ||u_hat - u_y||^2, the third term of (8) without its weight.</summary>
    /// <param name="uHat">[batch, d].</param>
    /// <param name="u">[batch, d].</param>
    public static Tensor SquaredError(Tensor uHat, Tensor u) => (uHat - u).Squared().sum(1).mean();

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
    public Tensor Diffuse(int t, Tensor u, NoiseKey key) => Posterior.Diffuse(Schedule.Abar(t), u, Noise.Normal(key, u.shape).OnDeviceOf(u));

    internal Denoiser CreateNetwork(BlockId block) => context.CreateDenoiser(block);

    private Objective Objective(Denoiser network, BlockId block, Batch batch, SharedTensors shared)
    {
        Tensor u = shared.Embed(batch.Labels);
        Tensor z = Diffuse(block.Value - 1, u, context.Key(NoiseStream.BlockInput, block.Value, batch.Step));
        Trunk trunk = new();
        ForwardPass pass = new(context.Key(NoiseStream.Dropout, block.Value, batch.Step)) { Trunk = trunk };
        Tensor error = SquaredError(shared.Output(network.Logits(batch.Images, z, pass)), u);
        Tensor loss = error.Times(DenoisingWeight(block));
        return new(loss, loss, error, trunk);
    }

    /// <summary>The first two terms of (8). The second moves W alone: with a fixed W it is a constant, and left out.</summary>
    private Tensor HeadTerms(SharedTensors shared, Tensor labels, long step)
    {
        Tensor u = shared.Embed(labels);
        Tensor crossEntropy = shared.CrossEntropy(Diffuse(Blocks, u, context.Key(NoiseStream.HeadInput, 0, step)), labels);
        return Coupled ? crossEntropy.Plus(KullbackLeibler(u)) : crossEntropy;
    }
}
