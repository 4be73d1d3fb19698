using System.Runtime.InteropServices;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Data.Images;

/// <summary>Changes the images of a mini-batch at random: by (seed, step, place in the batch) alone, so every block sees the same ones.</summary>
internal static class ImageAugmenter
{
    private const int Margin = 4;

    /// <summary>The changed images.</summary>
    /// <param name="images">uint8 [b, channels, height, width]; stays as it is.</param>
    /// <param name="augmentation">What may change.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="step">Step of the mini-batch.</param>
    /// <returns>The images themselves where nothing may change, otherwise new ones of the same shape.</returns>
    public static Tensor Apply(Tensor images, Augmentation augmentation, ulong seed, long step)
    {
        return augmentation == Augmentation.None ? images
            : images.device_type == DeviceType.CPU ? CopyRows(images, augmentation, seed, step)
            : Gather(images, augmentation, seed, step);
    }

    /// <summary>The same on any device, by operations of libtorch: where each pixel comes from is worked out here, and sent there.</summary>
    internal static Tensor Gather(Tensor images, Augmentation augmentation, ulong seed, long step)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] sizes = images.shape;
        (int height, int width) = ((int)sizes[2], (int)sizes[3]);
        // Of the image with its margin, flat: where each row of the result begins, and how far from there each of its columns is.
        Tensor places = empty([sizes[0], height + width], ScalarType.Int64);
        Span<long> from = MemoryMarshal.Cast<byte, long>(places.bytes);
        NoiseKey key = new(seed, NoiseStream.Augmentation, Block: 0, step);
        for (int image = 0, at = 0; image < sizes[0]; image++)
        {
            Change change = Change.Draw(key, image, augmentation);
            for (int y = 0; y < height; y++)
            {
                from[at++] = (long)(Margin + y + change.Down) * (width + (2 * Margin));
            }

            for (int x = 0; x < width; x++)
            {
                from[at++] = Margin + change.Column(x, width);
            }
        }

        places = places.OnDeviceOf(images);
        Tensor index = places.narrow(1, 0, height).unsqueeze(2).Plus(places.narrow(1, height, width).unsqueeze(1));
        Tensor framed = nn.functional.pad(images, [Margin, Margin, Margin, Margin]);
        return framed.flatten(2).gather(2, index.view(sizes[0], 1, height * width).expand(sizes[0], sizes[1], height * width)).view(sizes).MoveToOuterDisposeScope();
    }

    private static Tensor CopyRows(Tensor images, Augmentation augmentation, ulong seed, long step)
    {
        long[] sizes = images.shape;
        (int channels, int height, int width) = ((int)sizes[1], (int)sizes[2], (int)sizes[3]);
        Tensor result = zeros(sizes, ScalarType.Byte);
        ReadOnlySpan<byte> from = images.bytes;
        Span<byte> to = result.bytes;
        NoiseKey key = new(seed, NoiseStream.Augmentation, Block: 0, step);
        for (int image = 0, row = 0; image < sizes[0]; image++)
        {
            Change change = Change.Draw(key, image, augmentation);
            for (int channel = 0; channel < channels; channel++)
            {
                for (int y = 0; y < height; y++, row++)
                {
                    if (y + change.Down >= 0 && y + change.Down < height)
                    {
                        change.CopyRow(from.Slice((row + change.Down) * width, width), to.Slice(row * width, width));
                    }
                }
            }
        }

        return result;
    }

    /// <summary>What happens to one image.</summary>
    /// <param name="Flip">Whether it is mirrored, before it is cut.</param>
    /// <param name="Down">Rows that the cut lies below the image's top.</param>
    /// <param name="Right">Columns that it lies right of the image's left edge.</param>
    private readonly record struct Change(bool Flip, int Down, int Right)
    {
        public static Change Draw(in NoiseKey key, int image, Augmentation augmentation)
        {
            (uint flip, uint down, uint right, _) = Philox.At(key, (uint)image);
            bool crop = augmentation.HasFlag(Augmentation.Crop);
            return new(augmentation.HasFlag(Augmentation.Flip) && (int)flip < 0, crop ? Offset(down) : 0, crop ? Offset(right) : 0);
        }

        /// <summary>The image's column that comes to column x; outside of it there is black.</summary>
        public int Column(int x, int width) => Flip ? width - 1 - (x + Right) : x + Right;

        public void CopyRow(ReadOnlySpan<byte> from, Span<byte> to)
        {
            int first = Math.Max(0, -Right);
            int end = Math.Min(to.Length, to.Length - Right);
            if (!Flip && first < end)
            {
                from[(first + Right)..(end + Right)].CopyTo(to[first..end]);
                return;
            }

            for (int x = first; x < end; x++)
            {
                to[x] = from[Column(x, to.Length)];
            }
        }

        private static int Offset(uint word) => (int)((ulong)word * ((2 * Margin) + 1) >> 32) - Margin;
    }
}
