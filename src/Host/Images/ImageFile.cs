using System.Runtime.InteropServices;
using NoProp.Models;
using NoProp.Models.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace NoProp.Host.Images;

/// <summary>Reads a picture as network input.</summary>
internal static class ImageFile
{
    /// <summary>Largest side that is read, in pixels: a small file can claim a picture that fills the memory.</summary>
    private const int LargestSide = 8_192;

    /// <summary>One image as raw intensities, scaled to the size of the training images.</summary>
    /// <param name="path">PNG, JPEG or another usual format.</param>
    /// <param name="shape">Size of the training images; a colour picture becomes grey for one channel.</param>
    /// <param name="pixelMax">Value of full intensity.</param>
    /// <param name="invert">Whether dark becomes bright: the training images are bright on dark.</param>
    /// <returns>float32 [1, channels, height, width], from 0 to <paramref name="pixelMax"/>.</returns>
    /// <exception cref="NoPropException">The file cannot be read or is no picture.</exception>
    public static Tensor Read(string path, ImageShape shape, float pixelMax, bool invert)
    {
        using SKBitmap image = Decode(path);
        using SKBitmap scaled = image.Resize(new SKImageInfo(shape.Width, shape.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        Tensor result = empty([1, shape.Channels, shape.Height, shape.Width], ScalarType.Float32);
        Span<float> values = MemoryMarshal.Cast<byte, float>(result.bytes);
        for (int y = 0, i = 0; y < shape.Height; y++)
        {
            for (int x = 0; x < shape.Width; x++, i++)
            {
                SKColor color = scaled.GetPixel(x, y);
                ReadOnlySpan<float> channels = shape.Channels == 1
                    ? [(0.299f * color.Red + 0.587f * color.Green + 0.114f * color.Blue) * color.Alpha / 255f]
                    : [color.Red, color.Green, color.Blue];
                for (int c = 0; c < shape.Channels; c++)
                {
                    float intensity = invert ? 255 - channels[c] : channels[c];
                    values[c * shape.Height * shape.Width + i] = intensity * pixelMax / 255;
                }
            }
        }

        return result;
    }

    private static SKBitmap Decode(string path)
    {
        if (!File.Exists(path))
        {
            throw new NoPropException($"there is no image {path}");
        }

        using SKCodec codec = SKCodec.Create(path) ?? throw new NoPropException($"{path} is no picture that can be read: use PNG or JPEG");
        if (Math.Max(codec.Info.Width, codec.Info.Height) > LargestSide)
        {
            throw new NoPropException($"{path} has {codec.Info.Width}x{codec.Info.Height} pixels: at most {LargestSide} a side are read");
        }

        SKBitmap bitmap = new(codec.Info.WithColorType(SKColorType.Rgba8888).WithAlphaType(SKAlphaType.Unpremul));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) is not SKCodecResult.Success and var result)
        {
            bitmap.Dispose();
            throw new NoPropException($"{path} is damaged ({result}): it cannot be read to its end");
        }

        return bitmap;
    }
}
