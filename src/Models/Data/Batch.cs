using static TorchSharp.torch;

namespace NoProp.Models.Data;

/// <summary>The mini-batch of one step. Belongs to no dispose scope: its receiver disposes of it.</summary>
/// <param name="Step">The step, from 0.</param>
/// <param name="Images">Network input, float32 [b, channels, height, width].</param>
/// <param name="Labels">int64 [b].</param>
public sealed record Batch(long Step, Tensor Images, Tensor Labels) : IDisposable
{
    /// <summary>Number of images b.</summary>
    public long Count => Labels.shape[0];

    /// <summary>The same mini-batch in the same memory, which stays until this one is disposed of, whatever becomes of the other.</summary>
    public Batch Hold() => this with { Images = Images.alias().DetachFromDisposeScope(), Labels = Labels.alias().DetachFromDisposeScope() };

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
