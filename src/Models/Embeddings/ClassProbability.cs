using TorchSharp;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Embeddings;

/// <summary>log p_out(y | z_T) from the classifier's logits f_out(z_T), (14) to (16).</summary>
public static class ClassProbability
{
    /// <summary>log softmax(f_out(z_T))_y, (14).</summary>
    /// <param name="logits">f_out(z_T), [batch, m].</param>
    /// <returns>[batch, m].</returns>
    public static Tensor LogSoftmax(Tensor logits) => Functional.log_softmax(logits, 1);

    /// <summary>
    /// With u_tilde = softmax(f_out(z_T)) W, (15), the logarithm of exp( -||u_tilde - u_y||^2 / (2 sigma^2) ) normalised over classes,
    /// (16); differentiable in the logits and in W.
    /// </summary>
    /// <param name="logits">f_out(z_T), [batch, m].</param>
    /// <param name="embedding">W, [m, d].</param>
    /// <param name="sigma">Positive.</param>
    /// <returns>[batch, m].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sigma"/> is not positive and finite.</exception>
    public static Tensor LogRadial(Tensor logits, Tensor embedding, double sigma)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor uTilde = Functional.softmax(logits, 1).matmul(embedding);
        return NearestEmbedding.LogProbabilities(uTilde, embedding, sigma).MoveToOuterDisposeScope();
    }
}
