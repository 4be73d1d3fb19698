using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Inference;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using NoProp.Models.Training;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>
/// Baseline: back-propagation end to end through the same T blocks, (17)-(19). One network to train, with the gates w_t = sigmoid(omega_t)
/// among its parameters.
/// </summary>
/// <remarks>Immutable after construction, and safe to share between threads: what it creates is not.</remarks>
public sealed class Backpropagation : IMethod
{
    private readonly MethodContext context;
    private readonly SharedLayout layout;

    /// <summary>The method for images of one shape.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="shape">Size of the images.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="prototypes">Finds the class prototypes, row-major [m, pixels], where the embedding begins with them.</param>
    public Backpropagation(TrainingSettings settings, ImageShape shape, int classes, Func<float[]>? prototypes = null)
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
        Stack stack = new(context);
        return new BlockTraining(
            block, stack.Sets, layout, Coupled, context.Settings.CreateOptimiser, from, device, context.Settings.Replicas, (batch, shared) => Objective(stack, batch, shared));
    }

    /// <inheritdoc/>
    public IHeadCompute CreateHead(Snapshot? from) => new HeadTraining(layout, Blocks * context.Settings.Replicas, context.Settings.CreateOptimiser, from, ownTerms: null);

    /// <inheritdoc/>
    public IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from, Snapshot? head, ComputeDevice device = default)
    {
        Stack stack = new(context);
        return new SnapshotDenoiser(
            block, stack.Sets, from, layout, Coupled, head, device, (shared, images, z, _, sampling) => stack.Forward(shared, images, z, _ => ForwardPass.Inference, sampling.Seen));
    }

    /// <inheritdoc/>
    public IClassifierCompute CreateClassifier(Snapshot from) => new SnapshotClassifier(layout, from, (shared, z) => shared.LogProbabilities(z));

    /// <summary>z_t = (1 - w_t) z_{t-1} + w_t u_hat_t, (18).</summary>
    /// <param name="w">w_t = sigmoid(omega_t), [1], (19).</param>
    /// <param name="z">z_{t-1}, [batch, d].</param>
    /// <param name="uHat">u_hat_t(z_{t-1}, x), [batch, d].</param>
    internal static Tensor Mix(Tensor w, Tensor z, Tensor uHat) => (w.Times(-1).Plus(1) * z).Plus(w * uHat);

    private Objective Objective(Stack stack, Batch batch, SharedTensors shared)
    {
        Trunk trunk = new();
        Tensor z0 = Noise.Normal(context.Key(NoiseStream.BlockInput, 1, batch.Step), [batch.Labels.shape[0], EmbeddingSize]).OnDeviceOf(batch.Images);
        Tensor z = stack.Forward(shared, batch.Images, z0, block => new(context.Key(NoiseStream.Dropout, block.Value, batch.Step)) { Trunk = trunk });
        Tensor loss = shared.CrossEntropy(z, batch.Labels);
        return new(loss, loss, DiscreteTime.SquaredError(z, shared.Embed(batch.Labels)), trunk);
    }

    /// <summary>The T denoisers and their gates.</summary>
    private sealed class Stack
    {
        private readonly Denoiser[] denoisers;
        private readonly Parameter omega;

        public Stack(MethodContext context)
        {
            BlockId[] blocks = [.. BlockId.UpTo(context.Settings.Blocks)];
            denoisers = [.. blocks.Select(context.CreateDenoiser)];
            ParameterSet gates = new(context.Settings.Network.Precision);
            omega = gates.AddConstant("omega", [blocks.Length], 0);
            gates.Build(default);
            Sets = [.. blocks.Select(block => new TrainedSet(denoisers[block.Index].Parameters, block.FileName + ".")), new(gates)];
        }

        public IReadOnlyList<TrainedSet> Sets { get; }

        /// <summary>z_T from z_0, (17).</summary>
        public Tensor Forward(SharedTensors shared, Tensor images, Tensor z, Func<BlockId, ForwardPass> pass, Action<Tensor>? seen = null)
        {
            Tensor w = omega.Value.sigmoid();
            foreach (BlockId block in BlockId.UpTo(denoisers.Length))
            {
                z = Mix(w.narrow(0, block.Index, 1), z, shared.Output(denoisers[block.Index].Logits(images, z, pass(block))));
                seen?.Invoke(z);
            }

            return z;
        }
    }
}
