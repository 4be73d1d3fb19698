using NoProp.Models.Kernels;

namespace NoProp.Models.Networks;

/// <summary>Which of the two layouts of the block network is built.</summary>
public enum NetworkKind
{
    /// <summary>Small: for laptops. Two padded convolutions, no dropout, no batch normalisation.</summary>
    Compact,

    /// <summary>The paper's Figure 5: three convolutions with dropout, batch normalisation, skip connections.</summary>
    Paper,
}

/// <summary>Sizes of a block network.</summary>
/// <param name="Kind">Layout.</param>
/// <param name="Channels">Output channels of the convolutions: two for compact, three for paper.</param>
/// <param name="ImageFeatures">Width of the image pathway's output.</param>
/// <param name="LabelFeatures">Width of the label pathway.</param>
/// <param name="Hidden">Widths of the fully connected layers after the two pathways meet.</param>
/// <param name="Dropout">Probability that an activation is dropped after a convolution, in [0, 1). Paper layout only.</param>
public sealed record NetworkSettings(
    NetworkKind Kind,
    IReadOnlyList<int> Channels,
    int ImageFeatures,
    int LabelFeatures,
    IReadOnlyList<int> Hidden,
    double Dropout)
{
    /// <summary>What computes it.</summary>
    public KernelKind Kernels { get; init; }

    /// <summary>In what its products are made.</summary>
    public Precision Precision { get; init; }

    /// <summary>The small network's usual sizes.</summary>
    public static NetworkSettings Compact { get; } = new(NetworkKind.Compact, [32, 64], 20, 64, [64], 0);

    /// <summary>The paper's sizes.</summary>
    public static NetworkSettings Paper { get; } = new(NetworkKind.Paper, [32, 64, 128], 256, 256, [256, 128], 0.2);
}
