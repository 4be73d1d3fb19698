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
    public Tensor Normalise(Tensor pixels)
    {
        using DisposeScope scope = NewDisposeScope();
        return pixels.to(ScalarType.Float32).mul_(2f / PixelMax).sub_(1f).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }
}
