namespace NoProp.Models.Kernels;

/// <summary>Images with a border of zeros, as the convolution reads them. One that is not padded has a border of no width.</summary>
internal static class Borders
{
    /// <summary>Copies an image into a bordered one. The border stays as it is.</summary>
    public static void Fill(in ConvolutionShape shape, ReadOnlySpan<float> image, Span<float> bordered)
    {
        int row = shape.Width * shape.Inputs;
        for (int y = 0; y < shape.Height; y++)
        {
            image.Slice(y * row, row).CopyTo(bordered[Begin(shape, y)..]);
        }
    }

    /// <summary>The image within a bordered one.</summary>
    public static void Remove(in ConvolutionShape shape, ReadOnlySpan<float> bordered, Span<float> image)
    {
        int row = shape.Width * shape.Inputs;
        for (int y = 0; y < shape.Height; y++)
        {
            bordered.Slice(Begin(shape, y), row).CopyTo(image[(y * row)..]);
        }
    }

    private static int Begin(in ConvolutionShape shape, int y) => shape.Padded ? (y + 1) * shape.RowLength + shape.Inputs : y * shape.RowLength;
}
