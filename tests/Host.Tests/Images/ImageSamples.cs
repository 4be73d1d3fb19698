using NoProp.Host.Tests.Processes;
using SkiaSharp;

namespace NoProp.Host.Tests.Images;

/// <summary>Makes small image files.</summary>
internal static class ImageSamples
{
    /// <summary>Grey in the file's format and grey to the eye.</summary>
    public static byte[] Grey(byte value, int height = 8, int width = 8, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using SKBitmap bitmap = new(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        bitmap.Erase(new SKColor(value, value, value));
        return Encode(bitmap, format);
    }

    /// <summary>One colour.</summary>
    public static byte[] Colour(byte red, byte green, byte blue, int height = 8, int width = 8, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using SKBitmap bitmap = new(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(new SKColor(red, green, blue));
        return Encode(bitmap, format);
    }

    /// <summary>Noise, which takes many bytes: enough to cut a file in the middle of the picture.</summary>
    public static byte[] Noise(SKEncodedImageFormat format)
    {
        Random random = new(1);
        using SKBitmap bitmap = new(32, 32, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < 32 * 32; i++)
        {
            bitmap.SetPixel(i % 32, i / 32, new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)));
        }

        return Encode(bitmap, format);
    }

    /// <summary>Grey PNG files <c>00.png</c>, <c>01.png</c>, ... whose values count up from a first one.</summary>
    public static void WriteGreys(TempFolder folder, string path, int count, int first)
    {
        for (int i = 0; i < count; i++)
        {
            folder.Write($"{path}/{i:00}.png", Grey((byte)(first + i)));
        }
    }

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }
}
