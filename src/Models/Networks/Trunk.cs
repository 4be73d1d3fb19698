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
        if (before is not null)
        {
            before.IsReadByNext = true;
        }

        return result;
    }

    /// <summary>Gradients of a scalar, in the order of the leaves.</summary>
    /// <param name="scalar">What a step descends.</param>
    /// <param name="leaves">Weights, in the graph or of these convolutions, and whatever else a gradient is wanted by.</param>
    public Tensor[] Gradients(Tensor scalar, IReadOnlyList<Tensor> leaves)
    {
        List<Tensor> inGraph = new(leaves.Count + parts.Count);
        foreach (Tensor leaf in leaves)
        {
            if (PartOf(leaf) is null)
            {
                inGraph.Add(leaf);
            }
        }

        int next = inGraph.Count;
        foreach (Part part in parts)
        {
            if (!part.IsReadByNext)
            {
                inGraph.Add(part.Result);
            }
        }

        IList<Tensor> found = autograd.grad([scalar], inGraph);
        foreach (Part part in parts)
        {
            part.OfResult = part.IsReadByNext ? null : found[next++];
        }

        for (int i = parts.Count - 1; i >= 0; i--)
        {
            parts[i].GoBack();
        }

        Tensor[] gradients = new Tensor[leaves.Count];
        next = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            gradients[i] = PartOf(leaves[i]) is { } part ? part.GradientOf(leaves[i]) : found[next++];
        }

        return gradients;
    }

    private Part? PartOf(Tensor leaf)
    {
        foreach (Part part in parts)
        {
            if (ReferenceEquals(leaf, part.Weight) || ReferenceEquals(leaf, part.Bias))
            {
                return part;
            }
        }

        return null;
    }

    /// <summary>One convolution, with what is known of its gradients.</summary>
    private sealed class Part(PooledConvolution made, Tensor weight, Tensor bias, Tensor result, Part? before)
    {
        private (Tensor Weight, Tensor Bias) gradients;

        public Tensor Weight => weight;

        public Tensor Bias => bias;

        public Tensor Result => result;

        public bool IsReadByNext { get; set; }

        public Tensor? OfResult { get; set; }

        public Tensor GradientOf(Tensor leaf) => ReferenceEquals(leaf, weight) ? gradients.Weight : gradients.Bias;

        public void GoBack()
        {
            (Tensor ofWeight, Tensor ofBias, Tensor? ofX) = made.Backward(OfResult!, ofX: before is not null);
            gradients = (ofWeight, ofBias);
            if (before is not null)
            {
                before.OfResult = ofX;
            }
        }
    }
}
