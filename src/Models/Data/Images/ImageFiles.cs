using System.Runtime.InteropServices;
using NoProp.Models.Data.Files;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data.Images;

/// <summary>An image file and its class.</summary>
/// <param name="Path">Path in its tree.</param>
/// <param name="Label">The class, from 0.</param>
internal readonly record struct LabelledFile(string Path, int Label);

/// <summary>Reads a data set that consists of image files.</summary>
internal static class ImageFiles
{
    // Of the data, not of a run: every run has the same images in the same order.
    private const ulong OrderSeed = 1;

    // What a tensor's bytes can be reached through in one piece.
    private const long MostBytes = int.MaxValue;

    private const int ReportEvery = 256;

    /// <summary>
    /// All images of the test set, and the first of the training set, whose order is random and always the same: files come class by class,
    /// and the first so many of them would be of one class.
    /// </summary>
    /// <param name="name">What <c>--data</c> calls the data set.</param>
    /// <param name="classNames">Name of each class, in label order.</param>
    /// <param name="tree">Where the files are.</param>
    /// <param name="train">Training images, at least one.</param>
    /// <param name="test">Test images, at least one.</param>
    /// <param name="trainLimit">Only so many training images; 0 means all.</param>
    /// <param name="reading">How they are read.</param>
    /// <param name="greyStaysGrey">Whether a set without any colour has one channel instead of three.</param>
    /// <exception cref="NoPropException">An image is damaged or of another size, or they are too many for the memory of one tensor.</exception>
    public static Dataset Load(
        string name,
        IReadOnlyList<string> classNames,
        FileTree tree,
        IReadOnlyList<LabelledFile> train,
        IReadOnlyList<LabelledFile> test,
        int trainLimit,
        ImageReading reading,
        bool greyStaysGrey)
    {
        long[] order = Noise.Permutation(new NoiseKey(OrderSeed, NoiseStream.Split, Block: 0, Step: 1), train.Count);
        int trainCount = trainLimit == 0 ? train.Count : Math.Min(trainLimit, train.Count);

        // By path, so that the first file that is odd is the first one that a user sees in the folder.
        (long File, int Row)[] rows = [.. order.Take(trainCount).Select((file, row) => (file, row)).OrderBy(item => item.file)];
        DecodedImage first = Decode(tree, train[(int)rows[0].File], reading);
        ImageShape shape = new(3, first.Size.Height, first.Size.Width);
        CheckMemory(Math.Max(trainCount, test.Count), shape);
        ImageSplit trainSplit = Allocate(trainCount, shape);
        ImageSplit testSplit = Allocate(test.Count, shape);
        try
        {
            bool colour = Fill(
                tree,
                reading,
                [
                    .. rows.Select(row => new Slot(train[(int)row.File], trainSplit, row.Row)),
                    .. test.Select((file, row) => new Slot(file, testSplit, row)),
                ],
                first.Size);
            return colour || !greyStaysGrey
                ? new Dataset(name, shape, PixelMax: 255, classNames, trainSplit, testSplit)
                : new Dataset(name, shape with { Channels = 1 }, PixelMax: 255, classNames, OneChannel(trainSplit), OneChannel(testSplit));
        }
        catch
        {
            trainSplit.Dispose();
            testSplit.Dispose();
            throw;
        }
    }

    /// <summary>Decodes every file into its place.</summary>
    /// <returns>Whether any image has colour.</returns>
    private static bool Fill(FileTree tree, ImageReading reading, IReadOnlyList<Slot> slots, ImageSize size)
    {
        int colours = 0;
        int done = 0;
        NoPropException?[] faults = new NoPropException?[slots.Count];
        ParallelLoopResult result = Parallel.For(0, slots.Count, (i, loop) =>
        {
            try
            {
                DecodedImage image = Decode(tree, slots[i].File, reading);
                if (image.Size != size)
                {
                    throw new NoPropException(
                        $"{tree.Describe(slots[i].File.Path)}: expected {size} pixels as in {tree.Describe(slots[0].File.Path)}, found {image.Size}; "
                        + $"scale all images to one size, for example with --image-size {size}");
                }

                slots[i].Write(image.Pixels);
                if (HasColour(image.Pixels))
                {
                    Volatile.Write(ref colours, 1);
                }

                int now = Interlocked.Increment(ref done);
                if (now % ReportEvery == 0)
                {
                    reading.Progress?.Report(new ImagesRead(now, slots.Count));
                }
            }
            catch (NoPropException e)
            {
                // All files before this one are still read, so the fault that is told does not depend on the threads.
                faults[i] = e;
                loop.Break();
            }
        });
        return result.IsCompleted ? colours != 0 : throw faults[result.LowestBreakIteration!.Value]!;
    }

    private static DecodedImage Decode(FileTree tree, LabelledFile file, ImageReading reading) =>
        reading.Decode(tree.Describe(file.Path), tree.Read(file.Path), reading.Size);

    private static bool HasColour(ReadOnlySpan<byte> pixels)
    {
        int plane = pixels.Length / 3;
        ReadOnlySpan<byte> red = pixels[..plane];
        return !red.SequenceEqual(pixels[plane..(2 * plane)]) || !red.SequenceEqual(pixels[(2 * plane)..]);
    }

    private static void CheckMemory(int count, ImageShape shape)
    {
        if ((long)count * shape.Pixels > MostBytes)
        {
            throw new NoPropException(
                $"{count} images of {shape} need {(long)count * shape.Pixels} bytes, and at most {MostBytes} are possible: "
                + "choose a smaller --image-size, or fewer images with --train-limit");
        }
    }

    private static ImageSplit Allocate(int count, ImageShape shape)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = empty([count, shape.Channels, shape.Height, shape.Width], ScalarType.Byte);
        Tensor labels = empty([count], ScalarType.Int64);
        return new(images.DetachFromDisposeScope(), labels.DetachFromDisposeScope());
    }

    /// <summary>The red channel alone; frees the three.</summary>
    private static ImageSplit OneChannel(ImageSplit split)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = split.Images.narrow(1, 0, 1).contiguous().clone();
        split.Images.Dispose();
        return split with { Images = images.DetachFromDisposeScope() };
    }

    /// <summary>Where an image goes.</summary>
    private readonly record struct Slot(LabelledFile File, ImageSplit Split, int Row)
    {
        public void Write(byte[] pixels)
        {
            pixels.CopyTo(Split.Images.bytes[(Row * pixels.Length)..]);
            MemoryMarshal.Cast<byte, long>(Split.Labels.bytes)[Row] = File.Label;
        }
    }
}
