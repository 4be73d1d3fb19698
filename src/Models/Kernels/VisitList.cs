namespace NoProp.Models.Kernels;

/// <summary>Rows that a sum is made of, each times a gradient.</summary>
/// <param name="to">Where the sum belongs.</param>
/// <param name="gradients">The gradient of each row.</param>
/// <param name="rows">Where each begins.</param>
/// <param name="count">How many there are.</param>
internal readonly unsafe struct VisitList(int to, float* gradients, int* rows, int count)
{
    /// <summary>Where the sum belongs.</summary>
    public readonly int To = to;

    /// <summary>The gradient of each row.</summary>
    public readonly float* Gradients = gradients;

    /// <summary>Where each begins.</summary>
    public readonly int* Rows = rows;

    /// <summary>How many there are.</summary>
    public readonly int Count = count;
}
