using NoProp.Models.Native;
using NoProp.Models.Randomness;
using NoProp.Models.Stacks;
using NoProp.Models.Training;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <content>The objective of several blocks at once.</content>
public sealed partial class DiscreteTime
{
    /// <inheritdoc/>
    public Func<ComputeDevice, IStackCompute>? Stacks => Coupled || context.Settings.Replicas > 1
        ? null
        : device => new BlockStack(context.Settings, device, CreateNetwork, (network, steps, batch) => Objective(network, steps, batch, new SharedTensors(layout, flat: null, device.Torch)));

    /// <summary>The same as the objective of each block alone, with its own noise and its own weight.</summary>
    private StackedObjective Objective(StackedDenoiser network, IReadOnlyList<StackStep> steps, StackedBatch batch, SharedTensors shared)
    {
        (long k, long b, long d) = (steps.Count, steps[0].Batch.Count, EmbeddingSize);
        Tensor u = shared.Embed(batch.Labels);
        Tensor eps = stack([.. steps.Select(step => Noise.Normal(Key(NoiseStream.BlockInput, step), [b, d]))]).OnDeviceOf(u);
        float[] ofEach =
        [
            .. steps.Select(step => (float)Math.Sqrt(Schedule.Abar(step.Block.Value - 1))),
            .. steps.Select(step => (float)Math.Sqrt(1 - Schedule.Abar(step.Block.Value - 1))),
            .. steps.Select(step => (float)DenoisingWeight(step.Block)),
        ];
        Tensor factors = tensor(ofEach).view(3, k, 1, 1).OnDeviceOf(u);
        Tensor z = u.view(k, b, d).mul(factors.select(0, 0)).Plus(eps.mul(factors.select(0, 1)));
        Tensor uHat = shared.Output(network.Logits(batch.Images, z, [.. steps.Select(step => Key(NoiseStream.Dropout, step))]).flatten(0, 1));
        Tensor error = (uHat - u).Squared().sum(1).view(k, b).mean([1]);
        return new(error.mul(factors.select(0, 2).flatten()), error);
    }

    private NoiseKey Key(NoiseStream stream, StackStep step) => context.Key(stream, step.Block.Value, step.Batch.Step);
}
