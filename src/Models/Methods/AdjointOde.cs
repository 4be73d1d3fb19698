using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Inference;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>
/// Baseline: a neural ODE dz/dt = f(z, x, t) with the network of continuous time, trained by the adjoint method (Chen, Rubanova, Bettencourt,
/// Duvenaud, "Neural ordinary differential equations", algorithm 1). The classifier reads z(1).
/// </summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed class AdjointOde : IMethod
{
    private readonly MethodContext context;
    private readonly SharedLayout layout;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="prototypes">Finds the class prototypes, row-major [m, pixels], where the embedding begins with them.</param>
    public AdjointOde(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes = null)
    {
        context = new(settings, shape, classes, prototypes);
        layout = context.Layout(Blocks);
    }

    /// <inheritdoc/>
    public int Blocks => 1;

    /// <inheritdoc/>
    public int Classes => context.Classes;

    /// <inheritdoc/>
    public int EmbeddingSize => context.EmbeddingSize;

    /// <summary>The loss goes through the classifier.</summary>
    public bool Coupled => true;

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
        return new SnapshotDenoiser(block, [new(network.Parameters)], from, layout, Coupled, head, device, (shared, images, z, _, _) =>
        {
            Tensor features = network.ImageFeatures(images, ForwardPass.Inference);
            return Solve(z, (x, t) => Velocity(network, shared.Embedding, features, x, t, ForwardPass.Inference));
        });
    }

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => new SnapshotClassifier(layout, from, (shared, z) => shared.LogProbabilities(z));

    /// <summary>
    /// The loss at z(1) by the solver, without a graph of it; then the adjoint ODE backward in time. Only the image pathway, which does not
    /// depend on time, is an ordinary part of the graph.
    /// </summary>
    internal Objective Objective(TimeConditionedDenoiser network, Batch batch, SharedTensors shared)
    {
        // One mask for all evaluations of a step: the velocity must be a function of z and t alone.
        ForwardPass pass = new(context.Key(NoiseStream.Dropout, 1, batch.Step));
        Trunk trunk = new();
        Tensor features = network.ImageFeatures(batch.Images, pass with { Trunk = trunk });
        Tensor held = features.detach();
        Tensor z;
        using (no_grad())
        {
            Tensor z0 = Noise.Normal(context.Key(NoiseStream.BlockInput, 1, batch.Step), [batch.Labels.shape[0], EmbeddingSize]).OnDeviceOf(features);
            z = Solve(z0, (x, t) => Velocity(network, shared.Embedding, held, x, t, pass));
        }

        Tensor end = z.detach().requires_grad_(true);
        Tensor loss = shared.CrossEntropy(end, batch.Labels);
        Tensor adjoint = autograd.grad([loss], [end], retain_graph: true)[0];

        Tensor embedding = shared.Embedding.detach();
        Tensor[] weights = [.. network.Parameters.Weights.Where(parameter => !parameter.Name.StartsWith("image.", StringComparison.Ordinal)).Select(parameter => parameter.Value)];
        Tensor[] leaves = [held, embedding, .. weights];
        Tensor[] gradients = SolveBackward(z, adjoint, leaves, (inputs, x, t) => Velocity(network, inputs[1], inputs[0], x, t, pass));

        // A linear function with exactly these gradients carries them on: through the image pathway, into the weights, into W.
        Tensor carrier = (features * gradients[0]).sum();
        if (layout.LearnsEmbedding)
        {
            carrier = carrier.Plus((shared.Embedding * gradients[1]).sum());
        }

        for (int i = 0; i < weights.Length; i++)
        {
            carrier = carrier.Plus((weights[i] * gradients[i + 2]).sum());
        }

        return new(loss.Plus(carrier), loss, DiscreteTime.SquaredError(z, shared.Embed(batch.Labels)), trunk);
    }

    private static Tensor Velocity(TimeConditionedDenoiser network, Tensor embedding, Tensor features, Tensor z, double t, ForwardPass pass) =>
        network.Logits(features, z, ContinuousTime.Constant(t, z), pass).matmul(embedding);

    /// <summary>z(1) from z(0) by the classical Runge-Kutta method of fourth order.</summary>
    private Tensor Solve(Tensor z, Func<Tensor, double, Tensor> f)
    {
        double h = 1.0 / context.Settings.SolverSteps;
        for (int n = 0; n < context.Settings.SolverSteps; n++)
        {
            using DisposeScope scope = NewDisposeScope();
            double t = n * h;
            Tensor k1 = f(z, t);
            Tensor k2 = f(z.Plus(k1.Times(h / 2)), t + h / 2);
            Tensor k3 = f(z.Plus(k2.Times(h / 2)), t + h / 2);
            Tensor k4 = f(z.Plus(k3.Times(h)), t + h);
            z = z.Plus(k1.Plus(k2.Times(2)).Plus(k3.Times(2)).Plus(k4).Times(h / 6)).MoveToOuterDisposeScope();
        }

        return z;
    }

    /// <summary>
    /// The same method backward in time on the augmented state: z, its adjoint a with da/dt = -a df/dz, and the gradients g of the leaves with
    /// dg/dt = -a df/dleaf.
    /// </summary>
    private Tensor[] SolveBackward(Tensor z, Tensor a, Tensor[] leaves, Func<Tensor[], Tensor, double, Tensor> f)
    {
        double h = 1.0 / context.Settings.SolverSteps;
        Tensor[] state = [z, a, .. leaves.Select(leaf => zeros_like(leaf))];
        for (int n = context.Settings.SolverSteps; n > 0; n--)
        {
            using DisposeScope scope = NewDisposeScope();
            double t = n * h;
            Tensor[] k1 = Slope(state, t);
            Tensor[] k2 = Slope(Move(state, k1, h / 2), t - h / 2);
            Tensor[] k3 = Slope(Move(state, k2, h / 2), t - h / 2);
            Tensor[] k4 = Slope(Move(state, k3, h), t - h);
            state = [.. Move(Move(Move(Move(state, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6).Select(part => part.MoveToOuterDisposeScope())];
        }

        return state[2..];

        static Tensor[] Move(Tensor[] from, Tensor[] slope, double by) => [.. from.Zip(slope, (part, k) => part.Plus(k.Times(by)))];

        // Against the direction of time: z falls by f, a and g rise by the products.
        Tensor[] Slope(Tensor[] at, double t)
        {
            Tensor point = at[0].detach().requires_grad_(true);
            Tensor[] inputs = [leaves[0].detach().requires_grad_(true), leaves[1].detach().requires_grad_(true)];
            Tensor velocity = f(inputs, point, t);
            IList<Tensor> products = autograd.grad([velocity], [point, .. inputs, .. leaves[2..]], [at[1]]);
            return [velocity.detach().neg(), .. products];
        }
    }
}
