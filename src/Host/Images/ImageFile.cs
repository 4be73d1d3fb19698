using NoProp.Models;
using NoProp.Models.Data;
using NoProp.Models.Data.Images;
using SkiaSharp;

namespace NoProp.Host.Images;

/// <summary>Reads pictures: one as network input, or those of a data set.</summary>
internal static class ImageFile
{
    /// <summary>Largest side that is read, in pixels: a small file can claim a picture that fills the memory.</summary>
    private const int LargestSide = 8_192;

    private static readonly SKSamplingOptions Sampling = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    /// <summary>One image as raw intensities, scaled to the size of the training images.</summary>
    /// <param name="path">PNG, JPEG or another usual format.</param>
    /// <param name="shape">Size of the training images; a colour picture becomes grey for one channel.</param>
    /// <param name="pixelMax">Value of full intensity.</param>
    /// <param name="invert">Whether dark becomes bright: the training images are bright on dark.</param>
    /// <returns>[channels, height, width] in row-major order, from 0 to <paramref name="pixelMax"/>.</returns>
    /// <exception cref="NoPropException">The file cannot be read or is no picture.</exception>
    public static float[] Read(string path, ImageShape shape, float pixelMax, bool invert) => Read(path, ReadBytes(path), shape, pixelMax, invert, LargestSide);

    /// <summary>One encoded image as raw intensities, scaled to the size of the training images.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="encoded">PNG, JPEG or another usual format.</param>
    /// <param name="shape">Size of the training images; a colour picture becomes grey for one channel.</param>
    /// <param name="pixelMax">Value of full intensity.</param>
    /// <param name="invert">Whether dark becomes bright.</param>
    /// <param name="largestSide">Largest side that is decoded, in pixels.</param>
    /// <returns>[channels, height, width] in row-major order, from 0 to <paramref name="pixelMax"/>.</returns>
    /// <exception cref="NoPropException">It is no picture, a damaged one, or too large.</exception>
    public static float[] Read(string name, byte[] encoded, ImageShape shape, float pixelMax, bool invert, int largestSide)
    {
        using SKBitmap image = Decode(name, encoded, SKAlphaType.Unpremul, largestSide);
        using SKBitmap scaled = image.Resize(new SKImageInfo(shape.Width, shape.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul), Sampling);
        float[] values = new float[shape.Pixels];
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

        return values;
    }

    /// <summary>One image of a data set, scaled where a size is given; what is transparent lies on black.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="encoded">PNG, JPEG or another usual format.</param>
    /// <param name="size">The size to scale it to, or null.</param>
    /// <exception cref="NoPropException">It is no picture, or a damaged one.</exception>
    public static DecodedImage Decode(string name, byte[] encoded, ImageSize? size)
    {
        using SKBitmap image = Decode(name, encoded, SKAlphaType.Premul, LargestSide);
        ImageSize target = size ?? new(image.Height, image.Width);
        using SKBitmap? scaled = target == new ImageSize(image.Height, image.Width) ? null : image.Resize(image.Info.WithSize(target.Width, target.Height), Sampling);
        ReadOnlySpan<byte> rgba = (scaled ?? image).GetPixelSpan();
        int plane = target.Height * target.Width;
        byte[] pixels = new byte[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            pixels[i] = rgba[4 * i];
            pixels[plane + i] = rgba[(4 * i) + 1];
            pixels[(2 * plane) + i] = rgba[(4 * i) + 2];
        }

        return new DecodedImage(target, pixels);
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NoPropException($"there is no image {path}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"{path} cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static SKBitmap Decode(string name, byte[] encoded, SKAlphaType alpha, int largestSide)
    {
        using SKData data = SKData.CreateCopy(encoded);
        using SKCodec codec = SKCodec.Create(data) ?? throw new NoPropException($"{name} is no picture that can be read: use PNG or JPEG");
        if (Math.Max(codec.Info.Width, codec.Info.Height) > largestSide)
        {
            throw new NoPropException($"{name} has {codec.Info.Width}x{codec.Info.Height} pixels: at most {largestSide} a side are read");
        }

        SKBitmap bitmap = new(codec.Info.WithColorType(SKColorType.Rgba8888).WithAlphaType(alpha));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) is not SKCodecResult.Success and var result)
        {
            bitmap.Dispose();
            throw new NoPropException($"{name} is damaged ({result}): it cannot be read to its end");
        }

        return bitmap;
    }
}
