using System.Diagnostics.CodeAnalysis;

namespace NoProp.Models.Networks;

/// <summary>In what the products of a network are made: its convolutions and matrix products, forward and backward. All else is float32.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The names of the formats are what the values are.")]
public enum Precision
{
    /// <summary>In float32, on a GPU too, where libtorch would by itself make convolutions in TF32.</summary>
    Float32,

    /// <summary>On a GPU in TF32: factors are rounded to 10 bits behind the point, sums are float32. On a CPU as <see cref="Float32"/>, bit for bit.</summary>
    Tf32,

    /// <summary>
    /// In bfloat16: factors and products are rounded to 7 bits behind the point. Weights, gradients as the optimiser takes them, its moments,
    /// normalisation, softmax and loss are float32.
    /// </summary>
    Bf16,
}
