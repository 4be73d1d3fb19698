using NoProp.Models.Checkpoints;
using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>Block t in training: theta_t with its optimiser.</summary>
internal sealed class DiscreteTimeBlock : IBlockCompute
{
    private readonly DiscreteTime method;
    private readonly BlockId block;
    private readonly Denoiser network;
    private readonly TrainingState state;

    public DiscreteTimeBlock(DiscreteTime method, BlockId block, Snapshot? from)
    {
        this.method = method;
        this.block = block;
        network = method.CreateNetwork(block);
        state = method.CreateState(block.FileName, network.Parameters, from);
    }

    public long Clock => state.Clock;

    public StepLoss Step(Batch batch)
    {
        if (batch.Step != Clock)
        {
            throw new InvalidOperationException($"{block} is at step {Clock} and was given the batch of step {batch.Step}");
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor u = method.Embed(batch.Labels);
        Tensor z = method.Diffuse(block.Value - 1, u, new NoiseKey(method.Seed, NoiseStream.BlockInput, block.Value, Clock));
        ForwardPass pass = new(new NoiseKey(method.Seed, NoiseStream.Dropout, block.Value, Clock));
        Tensor error = DiscreteTime.SquaredError(method.Output(network.Logits(batch.Images, z, pass)), u);
        Tensor loss = error.Times(method.DenoisingWeight(block));
        state.Descend(loss);
        return new(loss.item<float>(), error.item<float>());
    }

    public Snapshot Snapshot() => state.Snapshot();

    public void Dispose()
    {
        state.Dispose();
        network.Dispose();
    }
}
