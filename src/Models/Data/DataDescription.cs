using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data;

/// <summary>What must be known of a data set to train on it, beside its images.</summary>
/// <param name="Name">What <c>--data</c> calls it.</param>
/// <param name="Shape">Size of every image.</param>
/// <param name="PixelMax">The pixel value that stands for full intensity.</param>
/// <param name="Classes">Number of classes m.</param>
/// <param name="TrainCount">Number of training images.</param>
public sealed record DataDescription(string Name, ImageShape Shape, float PixelMax, int Classes, long TrainCount)
{
    /// <summary>That of a data set in memory.</summary>
    public static DataDescription Of(Dataset dataset) => new(dataset.Name, dataset.Shape, dataset.PixelMax, dataset.Classes, dataset.Train.Count);

    /// <summary>Network input for raw pixels: float32 of the same shape, from -1 (zero) to 1 (<see cref="PixelMax"/>).</summary>
    public Tensor Normalise(Tensor pixels)
    {
        using DisposeScope scope = NewDisposeScope();
        return pixels.to(ScalarType.Float32).TimesInPlace(2.0 / PixelMax).PlusInPlace(-1).MoveToOuterDisposeScope();
    }

    /// <summary>A data set of this description without any image, for those who get theirs from elsewhere. Its classes are called by their numbers.</summary>
    public Dataset WithoutImages() => new(
        Name, Shape, PixelMax, [.. Enumerable.Range(0, Classes).Select(label => label.ToString(System.Globalization.CultureInfo.InvariantCulture))],
        ImageSplit.FromBytes([], [], Shape), ImageSplit.FromBytes([], [], Shape));

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{TrainCount} images of {Shape} in {Classes} classes, with pixels up to {PixelMax}");
}
