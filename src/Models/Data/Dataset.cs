using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data;

/// <summary>Size of one image.</summary>
/// <param name="Channels">1 (grey) or 3 (RGB).</param>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
public readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>Number of values in one image.</summary>
    public int Pixels => Channels * Height * Width;

    /// <inheritdoc/>
    public override string ToString() => $"{Channels}x{Height}x{Width}";
}

/// <summary>Images with their labels: a training or a test set.</summary>
/// <param name="Images">uint8 [count, channels, height, width].</param>
/// <param name="Labels">int64 [count], each in 0..classes-1.</param>
public sealed record ImageSplit(Tensor Images, Tensor Labels) : IDisposable
{
    /// <summary>Number of images.</summary>
    public long Count => Labels.shape[0];

    /// <summary>A split that owns its memory and outlives every dispose scope.</summary>
    /// <param name="pixels">uint8, image after image, each [channels, height, width] in row-major order.</param>
    /// <param name="labels">One byte for each image.</param>
    /// <param name="shape">Size of one image.</param>
    /// <exception cref="ArgumentException">The pixels are not those of as many images as there are labels.</exception>
    public static ImageSplit FromBytes(ReadOnlySpan<byte> pixels, ReadOnlySpan<byte> labels, ImageShape shape)
    {
        if (pixels.Length != (long)labels.Length * shape.Pixels)
        {
            throw new ArgumentException($"{labels.Length} images of {shape} do not have {pixels.Length} pixels", nameof(pixels));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor images = empty([labels.Length, shape.Channels, shape.Height, shape.Width], ScalarType.Byte);
        pixels.CopyTo(images.bytes);
        Tensor bytes = empty([labels.Length], ScalarType.Byte);
        labels.CopyTo(bytes.bytes);
        return new(images.DetachFromDisposeScope(), bytes.to(ScalarType.Int64).DetachFromDisposeScope());
    }

    /// <summary>Only the first <paramref name="count"/> images, or all of them where there are fewer. Shares memory with this split.</summary>
    public ImageSplit Take(long count) => count >= Count ? this : new(Images.narrow(0, 0, count), Labels.narrow(0, 0, count));

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}

/// <summary>A data set in memory, as uint8.</summary>
/// <param name="Name">What <c>--data</c> calls it, for example <c>mnist</c>.</param>
/// <param name="Shape">Size of every image.</param>
/// <param name="PixelMax">The pixel value that stands for full intensity: 255, or 16 for the digits.</param>
/// <param name="ClassNames">Name of each class, in label order.</param>
/// <param name="Train">Training set.</param>
/// <param name="Test">Test set.</param>
public sealed record Dataset(
    string Name,
    ImageShape Shape,
    float PixelMax,
    IReadOnlyList<string> ClassNames,
    ImageSplit Train,
    ImageSplit Test) : IDisposable
{
    /// <summary>Number of classes m.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>Network input for raw pixels: float32 of the same shape, from -1 (zero) to 1 (<see cref="PixelMax"/>).</summary>
    public Tensor Normalise(Tensor pixels) => DataDescription.Of(this).Normalise(pixels);

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }
}
