using System.Buffers.Binary;
using NoProp.Host.Tests.Processes;
using NoProp.Models.Data;
using SkiaSharp;

namespace NoProp.Host.Tests.Trained;

/// <summary>Makes picture files.</summary>
internal static class Pictures
{
    private const int Scale = 8;

    /// <summary>A digit of the test set as a PNG of 64x64 pixels, bright on dark or the other way about.</summary>
    public static void WriteDigit(TempFolder folder, string name, Dataset digits, int index, bool darkOnBright)
    {
        ImageShape shape = digits.Shape;
        byte[] pixels = digits.Test.Images[index].flatten().bytes.ToArray();
        using SKBitmap picture = new(shape.Width * Scale, shape.Height * Scale);
        for (int y = 0; y < picture.Height; y++)
        {
            for (int x = 0; x < picture.Width; x++)
            {
                byte grey = (byte)(255 * pixels[(y / Scale * shape.Width) + (x / Scale)] / digits.PixelMax);
                grey = darkOnBright ? (byte)(255 - grey) : grey;
                picture.SetPixel(x, y, new SKColor(grey, grey, grey));
            }
        }

        folder.Write(name, Png(picture));
    }

    /// <summary>A PNG of noise, so that it does not become small.</summary>
    public static byte[] Noise(int side)
    {
        Random random = new(1);
        using SKBitmap picture = new(side, side);
        for (int i = 0; i < side * side; i++)
        {
            picture.SetPixel(i % side, i / side, new SKColor((uint)random.NextInt64()));
        }

        return Png(picture);
    }

    /// <summary>A good PNG whose header claims another size.</summary>
    public static byte[] Claiming(uint side)
    {
        byte[] png = Noise(8);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(16), side);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(20), side);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32(png.AsSpan(12, 17)));
        return png;
    }

    private static byte[] Png(SKBitmap picture)
    {
        using SKData data = picture.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}
