using NoProp.Models.Kernels;
using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>
/// The convolutions that a network begins with, in one training step. No gradient leaves them to the front, so they need not be in the graph of libtorch's automatic
/// differentiation: that begins at their result, and their own gradients follow from its. The bits are those of the graph, without what each node of it costs.
/// </summary>
internal sealed class Trunk
{
    private readonly List<Part> parts = [];

    /// <summary>Convolution, pool and ReLU, if nothing before them is in the graph.</summary>
    /// <param name="x">Images, or the result of an earlier call, which nothing else may read then.</param>
    /// <param name="weight">[outputs, inputs, 3, 3], for which <see cref="PooledConvolution.Takes"/> holds.</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="padded">Whether the input is given a border of one zero.</param>
    /// <returns>The result, as a leaf of the graph; null where x is in the graph.</returns>
    public Tensor? Forward(Tensor x, Tensor weight, Tensor bias, bool padded)
    {
        Part? before = parts.Find(part => ReferenceEquals(part.Result, x));
        if (before is null && x.requires_grad)
        {
            return null;
        }

        (PooledConvolution made, Tensor result) = PooledConvolution.Forward(x, weight, bias, padded);
        parts.Add(new(made, weight, bias, result.requires_grad_(true), before));
        return result;
    }

    /// <summary>Gradients of a scalar, in the order of the leaves.</summary>
    /// <param name="scalar">What a step descends.</param>
    /// <param name="leaves">Weights, in the graph or of these convolutions, and whatever else a gradient is wanted by.</param>
    public Tensor[] Gradients(Tensor scalar, IReadOnlyList<Tensor> leaves)
    {
        Tensor[] read = [.. parts.Select(part => part.Result).Except(parts.Select(part => part.Before?.Result), ReferenceEqualityComparer.Instance).Cast<Tensor>()];
        Tensor[] inGraph = [.. leaves.Where(leaf => !parts.Exists(part => part.Has(leaf))), .. read];
        Dictionary<Tensor, Tensor> gradients = new(leaves.Count + parts.Count, ReferenceEqualityComparer.Instance);
        foreach ((Tensor leaf, Tensor gradient) in inGraph.Zip(autograd.grad([scalar], inGraph)))
        {
            gradients.Add(leaf, gradient);
        }

        foreach (Part part in Enumerable.Reverse(parts))
        {
            (Tensor ofWeight, Tensor ofBias, Tensor? ofX) = part.Made.Backward(gradients[part.Result], ofX: part.Before is not null);
            gradients.Add(part.Weight, ofWeight);
            gradients.Add(part.Bias, ofBias);
            if (part.Before is { } before)
            {
                gradients.Add(before.Result, ofX!);
            }
        }

        return [.. leaves.Select(leaf => gradients[leaf])];
    }

    private sealed record Part(PooledConvolution Made, Tensor Weight, Tensor Bias, Tensor Result, Part? Before)
    {
        public bool Has(Tensor leaf) => ReferenceEquals(leaf, Weight) || ReferenceEquals(leaf, Bias);
    }
}
