using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Kernels;

/// <summary>Sizes of a 3x3 convolution of stride 1 with 2x2 max-pooling and ReLU behind it.</summary>
/// <param name="Images">Images in the batch.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Inputs">Channels of the input.</param>
/// <param name="Outputs">Channels of the output.</param>
/// <param name="Padded">Whether the input is given a border of one zero.</param>
internal readonly record struct ConvolutionShape(int Images, int Height, int Width, int Inputs, int Outputs, bool Padded)
{
    /// <summary>Floats of a vector.</summary>
    public const int Lanes = 8;

    /// <summary>Output channels that are computed together with such vectors.</summary>
    public const int NarrowBlock = 2 * Lanes;

    /// <summary>Positions of a pool's window.</summary>
    public const int Positions = 4;

    /// <summary>Weights of a channel pair.</summary>
    public const int Taps = 9;

    private const int EnoughResults = 64;

    // Up to so many input channels the values that a weight meets are gathered; from a whole vector of them on, whole rows of patches are used.
    private const int FewInputs = 4;

    /// <summary>Whether vectors of sixteen are used where they fit, which this processor must have then; the bits are the same without them.</summary>
    public bool Wide { get; init; } = Avx512F.IsSupported;

    /// <summary>Output channels that are computed together.</summary>
    public int OutputBlock => Wide && Outputs % WideForward.OutputBlock == 0 ? WideForward.OutputBlock : NarrowBlock;

    /// <summary>Rows of the input with its border.</summary>
    public int BorderedHeight => Padded ? Height + 2 : Height;

    /// <summary>Columns of the input with its border.</summary>
    public int BorderedWidth => Padded ? Width + 2 : Width;

    /// <summary>Rows of the result.</summary>
    public int ResultHeight => (BorderedHeight - 2) / 2;

    /// <summary>Columns of the result.</summary>
    public int ResultWidth => (BorderedWidth - 2) / 2;

    /// <summary>Pixels of a result.</summary>
    public int Results => ResultHeight * ResultWidth;

    /// <summary>Floats of a result.</summary>
    public int ResultLength => Results * Outputs;

    /// <summary>Floats of an image.</summary>
    public int ImageLength => Height * Width * Inputs;

    /// <summary>Floats of a bordered image.</summary>
    public int BorderedLength => BorderedHeight * RowLength;

    /// <summary>Floats of a bordered row.</summary>
    public int RowLength => BorderedWidth * Inputs;

    /// <summary>Floats of a row of a patch.</summary>
    public int PatchRow => 3 * Inputs;

    /// <summary>Weights of an output channel.</summary>
    public int PatchLength => Taps * Inputs;

    /// <summary>Images whose gradients are computed together: small ones have too few results to be worth the registers' coming and going.</summary>
    public int Group => Math.Clamp(EnoughResults / Results, 1, Images);

    /// <summary>Whether the input's channels are few.</summary>
    public bool HasFewInputs => Inputs <= FewInputs;

    /// <summary>Whether there are kernels for these channels, and this processor has their instructions.</summary>
    public static bool IsSupported(long inputs, long outputs) =>
        Avx2.IsSupported && Fma.IsSupported && outputs % NarrowBlock == 0 && (inputs <= FewInputs || inputs % Lanes == 0);

    /// <summary>Where the window of a result begins in a bordered image.</summary>
    public int WindowOf(int result)
    {
        (int y, int x) = Math.DivRem(result, ResultWidth);
        return 2 * (y * RowLength + x * Inputs);
    }

    /// <summary>Where the patch of a position begins, from where its window does: the positions are counted by rows.</summary>
    public int PatchOf(int position) => position / 2 * RowLength + position % 2 * Inputs;
}
