using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Embeddings;

/// <summary>Which row of W is nearest to a label embedding z: the answer of flow matching.</summary>
public static class NearestEmbedding
{
    /// <summary>The class whose u_y has the smallest Euclidean distance to z.</summary>
    /// <param name="z">[batch, d].</param>
    /// <param name="embedding">W, [m, d].</param>
    /// <returns>int64 [batch].</returns>
    public static Tensor Classes(Tensor z, Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        return Closeness(z, embedding).argmax(1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// log p(y | z) with p proportional to exp( -||z - u_y||^2 / (2 sigma^2) ), normalised over classes; differentiable in z and in W.
    /// </summary>
    /// <param name="z">[batch, d].</param>
    /// <param name="embedding">W, [m, d].</param>
    /// <param name="sigma">Positive; the smaller, the surer.</param>
    /// <returns>[batch, m].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sigma"/> is not positive and finite.</exception>
    public static Tensor LogProbabilities(Tensor z, Tensor embedding, double sigma)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sigma);
        if (!double.IsFinite(sigma))
        {
            throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "sigma must be positive and finite");
        }

        using DisposeScope scope = NewDisposeScope();
        return Functional.log_softmax(Closeness(z, embedding).Times(1 / (sigma * sigma)), 1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// z u_y - ||u_y||^2 / 2 = ( ||z||^2 - ||z - u_y||^2 ) / 2, [batch, m]: the first term is the same for every class, so this orders the
    /// classes and normalises as the negative half of the squared distance does, without a [batch, m, d] in memory.
    /// </summary>
    private static Tensor Closeness(Tensor z, Tensor embedding)
    {
        // Distances do not change when all points move, and this sum cancels the less the closer the points are to the origin: images share
        // most of their background. No gradient passes through the move, for the distances do not depend on it.
        Tensor centre = embedding.detach().mean([0], keepdim: true);
        Tensor u = embedding - centre;
        return (z - centre).matmul(u.t()) - u.Squared().sum(1).Times(0.5);
    }
}
