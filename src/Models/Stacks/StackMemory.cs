using NoProp.Models.Native;
using NoProp.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Stacks;

/// <summary>
/// Weights, running statistics, first and second moments of the blocks of a stack, in the order of a snapshot: four matrices with a row for each
/// block. Freed rows are used again.
/// </summary>
/// <param name="layout">What a row holds.</param>
/// <param name="device">Where it is.</param>
internal sealed class StackMemory(ParameterSet layout, ComputeDevice device) : IDisposable
{
    private readonly Tensor[] matrices =
    [
        .. new[] { layout.Count, layout.Statistics.Sum(statistic => statistic.Count), layout.Count, layout.Count }
            .Select(columns => zeros(0, columns, ScalarType.Float32, device.Torch).DetachFromDisposeScope()),
    ];

    private StackedParameters? views;

    /// <summary>Rows in use.</summary>
    public int Rows { get; private set; }

    /// <summary>Adds a row behind the others, and gives its number.</summary>
    public int Add()
    {
        using DisposeScope scope = NewDisposeScope();
        if (Rows == matrices[0].shape[0])
        {
            DropViews();
            for (int i = 0; i < matrices.Length; i++)
            {
                Tensor grown = cat([matrices[i], matrices[i].new_zeros(1, matrices[i].shape[1])]).DetachFromDisposeScope();
                matrices[i].Dispose();
                matrices[i] = grown;
            }
        }

        return Rows++;
    }

    /// <summary>Frees the last row.</summary>
    public void RemoveLast() => Rows--;

    /// <summary>Sets a row.</summary>
    /// <param name="row">Which.</param>
    /// <param name="state">A vector for each matrix, wherever they are.</param>
    public void Write(int row, IEnumerable<Tensor> state)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach ((Tensor matrix, Tensor vector) in matrices.Zip(state))
        {
            matrix.select(0, row).copy_(vector);
        }
    }

    /// <summary>Copies a row.</summary>
    /// <param name="row">Which.</param>
    /// <param name="state">Is written: a vector on the CPU for each matrix.</param>
    public void Read(int row, IEnumerable<Tensor> state)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach ((Tensor matrix, Tensor vector) in matrices.Zip(state))
        {
            vector.copy_(matrix.select(0, row).cpu());
        }
    }

    /// <summary>Exchanges two rows.</summary>
    public void Swap(int a, int b)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach (Tensor matrix in matrices)
        {
            Tensor kept = matrix.select(0, a).clone();
            matrix.select(0, a).copy_(matrix.select(0, b));
            matrix.select(0, b).copy_(kept);
        }
    }

    /// <summary>The first rows as parameters of that many networks; the same object as long as their number and their memory stay.</summary>
    public StackedParameters First(int rows)
    {
        if (views?.Members != rows)
        {
            DropViews();
            views = new(layout, [.. matrices.Select(matrix => matrix.narrow(0, 0, rows))]);
        }

        return views;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DropViews();
        Array.ForEach(matrices, matrix => matrix.Dispose());
    }

    private void DropViews()
    {
        views?.Dispose();
        views = null;
    }
}
