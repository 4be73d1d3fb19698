using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Inference;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>NoProp-FM (paper, section 2.3): one network learns the velocity from noise to the label embedding, (10)-(13).</summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed class FlowMatching : IMethod
{
    private readonly MethodContext context;
    private readonly SharedLayout layout;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="prototypes">Finds the class prototypes, row-major [m, pixels], where the embedding begins with them.</param>
    public FlowMatching(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes = null)
    {
        context = new(settings, shape, classes, prototypes);
        // The answer is the nearest embedding; a classifier is needed only to hold a learned W in place.
        layout = context.Layout(Blocks, classifier: context.LearnsEmbedding);
    }

    /// <inheritdoc/>
    public int Blocks => 1;

    /// <inheritdoc/>
    public int Classes => context.Classes;

    /// <inheritdoc/>
    public int EmbeddingSize => context.EmbeddingSize;

    /// <inheritdoc/>
    public int? InferenceSteps => context.Settings.InferenceSteps;

    /// <inheritdoc/>
    public bool Coupled => layout.LearnsEmbedding;

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
    {
        TimeConditionedDenoiser network = context.CreateTimeConditioned();
        return new BlockTraining(
            block, [new(network.Parameters)], layout, Coupled, context.Settings.CreateOptimiser, from, device, context.Settings.Replicas, (batch, shared) => Objective(network, batch, shared));
    }

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => new HeadTraining(layout, Blocks * context.Settings.Replicas, context.Settings.CreateOptimiser, from, ownTerms: null);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default)
    {
        TimeConditionedDenoiser network = context.CreateTimeConditioned();
        return new SnapshotDenoiser(
            block, [new(network.Parameters)], from, layout, Coupled, head, device, (shared, images, z, _, sampling) => Sample(network, shared, images, z, sampling));
    }

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) =>
        new SnapshotClassifier(layout, from, (shared, z) => NearestEmbedding.LogProbabilities(z, shared.Embedding, context.Settings.ClassProbability.Sigma));

    /// <summary>z_t ~ N( t z_1 + (1 - t) z_0, sigma^2 I ), (10).</summary>
    /// <param name="t">[batch, 1].</param>
    /// <param name="z0">[batch, d].</param>
    /// <param name="z1">[batch, d].</param>
    /// <param name="sigma">Standard deviation.</param>
    /// <param name="eps">Standard normal [batch, d]; null where sigma is 0.</param>
    internal static Tensor Interpolate(Tensor t, Tensor z0, Tensor z1, double sigma, Tensor? eps)
    {
        Tensor mean = (t * z1).Plus(t.Times(-1).Plus(1) * z0);
        return eps is null ? mean : mean.Plus(eps.Times(sigma));
    }

    /// <summary>z1_tilde = z_t + (1 - t) v, (12): where the velocity leads.</summary>
    /// <param name="t">[batch, 1].</param>
    /// <param name="z">z_t, [batch, d].</param>
    /// <param name="v">v(z_t, x, t), [batch, d].</param>
    internal static Tensor Extrapolate(Tensor t, Tensor z, Tensor v) => z.Plus(t.Times(-1).Plus(1) * v);

    /// <summary>(11), and where W is learned the anchor -log p_out(y | z1_tilde) of (13): without it W would shrink to nothing.</summary>
    private Objective Objective(TimeConditionedDenoiser network, Batch batch, SharedTensors shared)
    {
        Tensor z1 = shared.Embed(batch.Labels);
        Tensor z0 = Noise.Normal(context.Key(NoiseStream.BlockInput, 1, batch.Step), z1.shape).OnDeviceOf(z1);
        Tensor time = Noise.Uniform(context.Key(NoiseStream.Time, 1, batch.Step), z1.shape[0]).OnDeviceOf(z1);
        Tensor t = time.unsqueeze(1);
        double sigma = context.Settings.FlowSigma;
        Tensor z = Interpolate(t, z0, z1, sigma, sigma > 0 ? Noise.Normal(context.Key(NoiseStream.FlowNoise, 1, batch.Step), z1.shape).OnDeviceOf(z1) : null);
        Trunk trunk = new();
        ForwardPass pass = new(context.Key(NoiseStream.Dropout, 1, batch.Step)) { Trunk = trunk };
        Tensor v = Velocity(network, shared, network.ImageFeatures(batch.Images, pass), z, time, pass);
        Tensor error = DiscreteTime.SquaredError(v, z1 - z0);
        Tensor loss = Coupled ? error.Plus(shared.CrossEntropy(Extrapolate(t, z, v), batch.Labels)) : error;
        return new(loss, loss, error, trunk);
    }

    /// <summary>dz/dt = v by Euler, N equal steps from z_0 to z_1.</summary>
    private Tensor Sample(TimeConditionedDenoiser network, SharedTensors shared, Tensor images, Tensor z, Sampling sampling)
    {
        int steps = sampling.Steps ?? context.Settings.InferenceSteps;
        Tensor features = network.ImageFeatures(images, ForwardPass.Inference);
        for (int n = 0; n < steps; n++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor v = Velocity(network, shared, features, z, ContinuousTime.Constant((double)n / steps, z), ForwardPass.Inference);
            z = z.Plus(v.Times(1.0 / steps)).MoveToOuterDisposeScope();
            sampling.Seen?.Invoke(z);
        }

        return z;
    }

    // As u_hat in continuous time, without the softmax: a velocity is no mean of embeddings.
    private static Tensor Velocity(TimeConditionedDenoiser network, SharedTensors shared, Tensor features, Tensor z, Tensor t, ForwardPass pass) =>
        network.Logits(features, z, t, pass).matmul(shared.Embedding);
}
