using NoProp.Models.Checkpoints;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Methods;

/// <summary>theta_out in training: the classifier learns to read z_T ~ q(z_T | y), from labels alone.</summary>
internal sealed class DiscreteTimeHead : IHeadCompute
{
    /// <summary>Name of the head's snapshots.</summary>
    public const string Name = "head";

    private readonly DiscreteTime method;
    private readonly Classifier classifier;
    private readonly TrainingState state;

    public DiscreteTimeHead(DiscreteTime method, Snapshot? from)
    {
        this.method = method;
        classifier = method.CreateClassifierNetwork();
        state = method.CreateState(Name, classifier.Parameters, from);
    }

    public long Clock => state.Clock;

    public float Step(Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor z = method.Diffuse(method.Blocks, method.Embed(labels), new NoiseKey(method.Seed, NoiseStream.HeadInput, 0, Clock));
        Tensor loss = DiscreteTime.CrossEntropy(classifier.Logits(z), labels);
        state.Descend(loss);
        return loss.item<float>();
    }

    public Snapshot Snapshot() => state.Snapshot();

    public void Dispose()
    {
        state.Dispose();
        classifier.Dispose();
    }
}
