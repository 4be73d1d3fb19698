using NoProp.Models.Checkpoints;
using NoProp.Models.Diffusion;
using NoProp.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>Block t at inference.</summary>
internal sealed class DiscreteTimeDenoiser : IDenoiserCompute
{
    private readonly DiscreteTime method;
    private readonly Denoiser network;
    private readonly Posterior posterior;

    public DiscreteTimeDenoiser(DiscreteTime method, BlockId block, Snapshot from)
    {
        this.method = method;
        network = method.CreateNetwork(block);
        TrainingState.Restore(block.FileName, network.Parameters, from);
        posterior = Posterior.At(method.Schedule, block.Value);
    }

    public Tensor Denoise(Tensor images, Tensor z, Tensor? eps)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Tensor uHat = method.Output(network.Logits(images, z, ForwardPass.Inference));
        return posterior.Step(uHat, z, eps).MoveToOuterDisposeScope();
    }

    public void Dispose() => network.Dispose();
}

/// <summary>theta_out at inference.</summary>
internal sealed class LinearClassifier : IClassifierCompute
{
    private readonly Classifier classifier;

    public LinearClassifier(DiscreteTime method, Snapshot from)
    {
        classifier = method.CreateClassifierNetwork();
        TrainingState.Restore(DiscreteTimeHead.Name, classifier.Parameters, from);
    }

    public Tensor Probabilities(Tensor z)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        return classifier.Probabilities(z).MoveToOuterDisposeScope();
    }

    public void Dispose() => classifier.Dispose();
}
