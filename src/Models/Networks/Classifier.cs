using NoProp.Models.Randomness;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Networks;

/// <summary>The linear classifier theta_out on z_T: logits f_out(z), (14).</summary>
public sealed class Classifier : IDisposable
{
    private readonly Linear output;

    /// <summary>A classifier with initial weights.</summary>
    /// <param name="embeddingSize">Size d of z.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="weights">Where the initial weights are drawn.</param>
    public Classifier(int embeddingSize, int classes, NoiseKey weights)
    {
        output = new(Parameters, "classifier", embeddingSize, classes);
        Parameters.Build(weights);
    }

    /// <summary>Weights.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>[batch, d] to logits [batch, m].</summary>
    public Tensor Logits(Tensor z) => output.Forward(z);

    /// <summary>p_out(y | z): [batch, d] to probabilities [batch, m].</summary>
    public Tensor Probabilities(Tensor z) => Functional.softmax(Logits(z), 1);

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();
}
