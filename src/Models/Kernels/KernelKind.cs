namespace NoProp.Models.Kernels;

/// <summary>What computes a training step on a CPU. The results differ by rounding.</summary>
public enum KernelKind
{
    /// <summary>
    /// Several operations as one: convolution, pool and ReLU, on a processor with AVX2 and where the channels suit it, and the optimiser's step. All
    /// else, convolutions in bfloat16, and all on other devices, is as <see cref="Plain"/>.
    /// </summary>
    Fused,

    /// <summary>An operation of libtorch for each.</summary>
    Plain,
}
