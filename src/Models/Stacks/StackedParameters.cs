using NoProp.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Stacks;

/// <summary>Parameters of several networks of one shape under the names of one: views of matrices with a row for each network.</summary>
internal sealed class StackedParameters : IDisposable
{
    private readonly Dictionary<string, Tensor> views = new(StringComparer.Ordinal);
    private readonly List<Tensor> leaves = [];

    /// <summary>Views of some rows.</summary>
    /// <param name="layout">Names and shapes of one network.</param>
    /// <param name="rows">Weights, running statistics, first and second moments, each [members, n].</param>
    public StackedParameters(ParameterSet layout, IReadOnlyList<Tensor> rows)
    {
        Precision = layout.Precision;
        using DisposeScope scope = NewDisposeScope();
        (Weights, Statistics, FirstMoment, SecondMoment) = (Kept(rows[0]), Kept(rows[1]), Kept(rows[2]), Kept(rows[3]));
        View(layout.Weights, Weights, view => leaves.Add(view.requires_grad_(true)));
        View(layout.Statistics, Statistics, _ => { });
    }

    /// <summary>In what the networks' products are made.</summary>
    public Precision Precision { get; }

    /// <summary>Number of networks.</summary>
    public int Members => (int)Weights.shape[0];

    /// <summary>All weights, float32 [members, n].</summary>
    public Tensor Weights { get; }

    /// <summary>All running statistics, float32 [members, s], s may be 0.</summary>
    public Tensor Statistics { get; }

    /// <summary>Moving average of the gradient, float32 [members, n].</summary>
    public Tensor FirstMoment { get; }

    /// <summary>Moving average of its square, float32 [members, n].</summary>
    public Tensor SecondMoment { get; }

    /// <summary>The weights in the order of their declaration, each a leaf of the autograd graph, [members, shape of one].</summary>
    public IReadOnlyList<Tensor> Leaves => leaves;

    /// <summary>A weight or a running statistic, [members, shape of one].</summary>
    public Tensor this[string name] => views[name];

    /// <summary>Whether the network has such a parameter.</summary>
    public bool Has(string name) => views.ContainsKey(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in views.Values.Concat([Weights, Statistics, FirstMoment, SecondMoment]))
        {
            tensor.Dispose();
        }
    }

    private void View(IReadOnlyList<Parameter> parameters, Tensor rows, Action<Tensor> made)
    {
        long offset = 0;
        foreach (Parameter parameter in parameters)
        {
            Tensor view = Kept(rows.narrow(1, offset, parameter.Count).view([rows.shape[0], .. parameter.Shape]).detach());
            views.Add(parameter.Name, view);
            made(view);
            offset += parameter.Count;
        }
    }

    private static Tensor Kept(Tensor tensor) => tensor.DetachFromDisposeScope();
}
