using System.Globalization;
using System.IO.Compression;
using NoProp.Models.Randomness;

namespace NoProp.Models.Data;

/// <summary>1,797 handwritten digits that are part of the program; <c>DIGITS.md</c> says where they come from.</summary>
public static class Digits
{
    /// <summary>What <c>--data</c> calls this data set.</summary>
    public const string Name = "digits";

    internal static readonly ImageShape Shape = new(1, 8, 8);

    private const int Count = 1797;
    private const int TrainCount = 1500;

    // Of the split, not of a run: every run tests on the same images.
    private const ulong SplitSeed = 1;

    /// <summary>The digits, 1x8x8: 1,500 training and 297 test images, always the same ones in the same order.</summary>
    /// <param name="trainLimit">Only the first so many training images; 0 means all.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public static Dataset Load(int trainLimit = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trainLimit);
        (byte[] pixels, byte[] labels) = Parse();
        long[] order = Noise.Permutation(new NoiseKey(SplitSeed, NoiseStream.Split), Count);
        int train = trainLimit == 0 ? TrainCount : Math.Min(trainLimit, TrainCount);
        return new Dataset(
            Name,
            Shape,
            PixelMax: 16,
            [.. Enumerable.Range(0, 10).Select(digit => digit.ToString(CultureInfo.InvariantCulture))],
            Pick(pixels, labels, order.AsSpan(0, train)),
            Pick(pixels, labels, order.AsSpan(TrainCount)));
    }

    private static (byte[] Pixels, byte[] Labels) Parse()
    {
        byte[] pixels = new byte[Count * Shape.Pixels];
        byte[] labels = new byte[Count];
        using Stream resource = typeof(Digits).Assembly.GetManifestResourceStream("digits.csv.gz")!;
        using StreamReader reader = new(new GZipStream(resource, CompressionMode.Decompress));
        for (int row = 0; row < Count; row++)
        {
            ReadOnlySpan<char> line = reader.ReadLine();
            int at = 0;
            foreach (Range field in line.Split(','))
            {
                byte value = byte.Parse(line[field], NumberStyles.None, CultureInfo.InvariantCulture);
                (at < Shape.Pixels ? ref pixels[(row * Shape.Pixels) + at] : ref labels[row]) = value;
                at++;
            }
        }

        return (pixels, labels);
    }

    private static ImageSplit Pick(byte[] pixels, byte[] labels, ReadOnlySpan<long> rows)
    {
        byte[] picked = new byte[rows.Length * Shape.Pixels];
        byte[] pickedLabels = new byte[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            pixels.AsSpan((int)rows[i] * Shape.Pixels, Shape.Pixels).CopyTo(picked.AsSpan(i * Shape.Pixels));
            pickedLabels[i] = labels[rows[i]];
        }

        return ImageSplit.FromBytes(picked, pickedLabels, Shape);
    }
}
