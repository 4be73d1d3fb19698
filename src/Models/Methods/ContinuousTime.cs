using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Diffusion;
using NoProp.Models.Inference;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>
/// NoProp-CT (paper, section 2.2 and appendix B): one network u_hat(z, x, t) for all times t in [0, 1], and a noise schedule that is learned
/// with it.
/// </summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed class ContinuousTime : IMethod
{
    private static readonly float[] Ends = [0, 1];

    private readonly MethodContext context;
    private readonly SharedLayout layout;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="prototypes">Finds the class prototypes, row-major [m, pixels], where the embedding begins with them.</param>
    public ContinuousTime(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes = null)
    {
        context = new(settings, shape, classes, prototypes);
        layout = context.Layout(Blocks, schedule: true);
    }

    /// <inheritdoc/>
    public int Blocks => 1;

    /// <inheritdoc/>
    public int Classes => context.Classes;

    /// <inheritdoc/>
    public int EmbeddingSize => context.EmbeddingSize;

    /// <inheritdoc/>
    public int? InferenceSteps => context.Settings.InferenceSteps;

    /// <summary>The block reads the schedule and moves it.</summary>
    public bool Coupled => true;

    /// <inheritdoc/>
    public IBlockCompute CreateBlock(BlockId block, Snapshot? from, ComputeDevice device = default)
    {
        TimeConditionedDenoiser network = context.CreateTimeConditioned();
        return new BlockTraining(
            block, [new(network.Parameters)], layout, Coupled, context.Settings.CreateOptimiser, from, device, context.Settings.Replicas, (batch, shared) => Objective(network, batch, shared));
    }

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => new HeadTraining(layout, Blocks * context.Settings.Replicas, context.Settings.CreateOptimiser, from, HeadTerms);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default)
    {
        TimeConditionedDenoiser network = context.CreateTimeConditioned();
        return new SnapshotDenoiser(
            block, [new(network.Parameters)], from, layout, Coupled, head, device, (shared, images, z, eps, sampling) => Sample(network, shared, images, z, eps, sampling));
    }

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => new SnapshotClassifier(layout, from, (shared, z) => shared.LogProbabilities(z));

    /// <summary>KL( q(z_0 | y) || N(0, I) ), the second term of (9), mean over the batch.</summary>
    /// <param name="abar0">abar at t = 0, a scalar or [batch, 1].</param>
    /// <param name="u">u_y, [batch, d].</param>
    internal static Tensor KullbackLeibler(Tensor abar0, Tensor u)
    {
        Tensor noise = abar0.Times(-1).Plus(1);
        return (abar0 * u.Squared()).Plus(noise).Plus(noise.log().Times(-1)).Plus(-1).sum(1).mean().Times(0.5);
    }

    /// <summary>z_t ~ q(z_t | y) with abar of each row.</summary>
    /// <param name="abar">[batch] or [1].</param>
    /// <param name="u">u_y, [batch, d].</param>
    /// <param name="key">Where the noise is drawn.</param>
    internal static Tensor Diffuse(Tensor abar, Tensor u, NoiseKey key)
    {
        Tensor column = abar.unsqueeze(1);
        return (column.sqrt() * u).Plus(column.Times(-1).Plus(1).sqrt() * Noise.Normal(key, u.shape).OnDeviceOf(u));
    }

    /// <summary>One time for each row of z, float32 [batch], where z is.</summary>
    internal static Tensor Constant(double t, Tensor z) => zeros(z.shape[0], ScalarType.Float32, z.device).FillInPlace(t);

    /// <summary>The third term of (9): t ~ U[0, 1] for each image, SNR'(t) ||u_hat - u_y||^2.</summary>
    private Objective Objective(TimeConditionedDenoiser network, Batch batch, SharedTensors shared)
    {
        Tensor u = shared.Embed(batch.Labels);
        Tensor t = Noise.Uniform(context.Key(NoiseStream.Time, 1, batch.Step), u.shape[0]).OnDeviceOf(u);
        (Tensor gamma, Tensor derivative) = shared.Schedule.GammaAndDerivative(t);
        Tensor z = Diffuse(gamma.neg().sigmoid(), u, context.Key(NoiseStream.BlockInput, 1, batch.Step));
        Trunk trunk = new();
        ForwardPass pass = new(context.Key(NoiseStream.Dropout, 1, batch.Step)) { Trunk = trunk };
        Tensor error = (shared.Output(network.Logits(network.ImageFeatures(batch.Images, pass), z, t, pass)) - u).Squared().sum(1);
        Tensor snrDerivative = derivative.neg() * gamma.neg().exp();
        Tensor loss = (snrDerivative * error).mean().Times(context.Settings.Eta / 2);
        return new(loss, loss, error.mean(), trunk);
    }

    /// <summary>The first two terms of (9).</summary>
    private Tensor HeadTerms(SharedTensors shared, Tensor labels, long step)
    {
        Tensor u = shared.Embed(labels);
        Tensor ends = shared.Schedule.Abar(tensor(Ends));
        Tensor z1 = Diffuse(ends.narrow(0, 1, 1), u, context.Key(NoiseStream.HeadInput, 0, step));
        return shared.CrossEntropy(z1, labels).Plus(KullbackLeibler(ends.narrow(0, 0, 1), u));
    }

    /// <summary>N equal steps from z_0 to z_1, each the step of discrete time between two points of the schedule.</summary>
    private Tensor Sample(TimeConditionedDenoiser network, SharedTensors shared, Tensor images, Tensor z, Func<int, Tensor?> eps, Sampling sampling)
    {
        int steps = sampling.Steps ?? context.Settings.InferenceSteps;
        NoiseSchedule schedule = shared.Schedule.Discretise(steps);
        Tensor features = network.ImageFeatures(images, ForwardPass.Inference);
        for (int n = 1; n <= steps; n++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor t = Constant((double)(n - 1) / steps, z);
            Tensor uHat = shared.Output(network.Logits(features, z, t, ForwardPass.Inference));
            z = Posterior.At(schedule, n).Step(uHat, z, eps(n)).MoveToOuterDisposeScope();
            sampling.Seen?.Invoke(z);
        }

        return z;
    }
}
