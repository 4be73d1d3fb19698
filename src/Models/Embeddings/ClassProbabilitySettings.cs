using static TorchSharp.torch;

namespace NoProp.Models.Embeddings;

/// <summary>The form of p_out(y | z_T).</summary>
/// <param name="Kind">Softmax or radial.</param>
/// <param name="Sigma">Width sigma of the radial form, positive.</param>
public sealed record ClassProbabilitySettings(ClassProbabilityKind Kind, double Sigma = 0.5)
{
    /// <summary>log p_out(y | z_T), [batch, m].</summary>
    /// <param name="logits">f_out(z_T), [batch, m].</param>
    /// <param name="embedding">W, [m, d]; only the radial form reads it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The form is radial and sigma is not positive and finite.</exception>
    public Tensor Log(Tensor logits, Tensor embedding) => Kind switch
    {
        ClassProbabilityKind.Softmax => ClassProbability.LogSoftmax(logits),
        _ => ClassProbability.LogRadial(logits, embedding, Sigma),
    };
}
