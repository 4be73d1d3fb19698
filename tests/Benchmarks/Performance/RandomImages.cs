using System.Globalization;
using NoProp.Models.Data;
using TorchSharp;

namespace NoProp.Benchmarks.Performance;

/// <summary>Images of random pixels, of the size of those of a data set.</summary>
internal static class RandomImages
{
    /// <summary>Number of classes m.</summary>
    public const int Classes = 10;

    /// <summary>The sizes by name.</summary>
    public static IReadOnlyDictionary<string, ImageShape> Shapes { get; } = new Dictionary<string, ImageShape>(StringComparer.Ordinal)
    {
        ["digits"] = new(1, 8, 8),
        ["mnist"] = new(1, 28, 28),
        ["cifar10"] = new(3, 32, 32),
        ["tiny-imagenet"] = new(3, 64, 64),
    };

    /// <summary>So many images.</summary>
    /// <param name="size">Name of the size.</param>
    /// <param name="count">Images to train on, and as many to test.</param>
    public static Dataset Of(string size, int count)
    {
        ImageShape shape = Shapes[size];
        byte[] pixels = new byte[count * shape.Pixels];
        new Random(1).NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % Classes))];
        using DisposeScope scope = torch.NewDisposeScope();
        return new Dataset(
            "random",
            shape,
            byte.MaxValue,
            [.. Enumerable.Range(0, Classes).Select(y => y.ToString(CultureInfo.InvariantCulture))],
            ImageSplit.FromBytes(pixels, labels, shape),
            ImageSplit.FromBytes(pixels, labels, shape));
    }
}
