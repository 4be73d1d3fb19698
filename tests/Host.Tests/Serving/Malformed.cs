using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using NoProp.Models.Data;
using SkiaSharp;

namespace NoProp.Host.Tests.Serving;

/// <summary>A request that no model can answer.</summary>
/// <param name="Kind">What is wrong with it.</param>
/// <param name="Type">Content-Type; null for none.</param>
/// <param name="Body">Body.</param>
/// <param name="Query">Query with its question mark, or empty.</param>
internal sealed record MalformedRequest(string Kind, string? Type, byte[] Body, string Query = "")
{
    /// <summary>The request.</summary>
    public HttpRequestMessage ToMessage()
    {
        ByteArrayContent content = new(Body);
        content.Headers.ContentType = Type is null ? null : MediaTypeHeaderValue.Parse(Type);
        return new(HttpMethod.Post, new Uri($"v1/predict{Query}", UriKind.Relative)) { Content = content };
    }
}

/// <summary>Makes requests that no model can answer, in many ways; the same for the same seed.</summary>
/// <param name="shape">Size of the model's images, in one channel.</param>
/// <param name="pixelMax">Largest pixel value.</param>
/// <param name="mostImages">Images that a request may have.</param>
/// <param name="seed">Seed.</param>
internal sealed class Malformed(ImageShape shape, float pixelMax, int mostImages, int seed)
{
    private const int Signature = 8;

    private static readonly byte[] Bomb = Zeros(10_000);

    private readonly Random random = new(seed);
    private readonly byte[] good = Noise(32);

    /// <summary>So many of them, of all kinds in turn.</summary>
    public IEnumerable<MalformedRequest> Take(int count)
    {
        Func<MalformedRequest>[] kinds =
        [
            () => Png("truncated PNG", good[..random.Next(1, good.Length * 3 / 4)]),
            () => Png("PNG of a claimed size", Claiming((uint)random.Next(4097, int.MaxValue))),
            () => Png("PNG without height", Claiming(0)),
            () => Png("PNG bomb", Bomb),
            () => Png("PNG with damaged pixels", Damaged()),
            () => new("no picture", random.Next(2) == 0 ? "image/png" : "image/jpeg", Bytes(random.Next(0, 400))),
            () => Json("rows that are missing", $$"""{"images": [{{Rows(shape.Height - random.Next(1, shape.Height), shape.Width)}}]}"""),
            () => Json("rows of several lengths", $$"""{"images": [[{{Row(shape.Width)}}, {{Row(shape.Width + 1)}}]]}"""),
            () => Json("NaN", $$"""{"images": [[NaN, {{Numbers(shape.Pixels - 1)}}]]}"""),
            () => Json("infinite", $$"""{"images": [[{{(random.Next(2) == 0 ? "1e999" : "-1e999")}}, {{Numbers(shape.Pixels - 1)}}]]}"""),
            () => Json("too bright", string.Create(CultureInfo.InvariantCulture, $$"""{"images": [[{{pixelMax + 1 + random.Next(1000)}}, {{Numbers(shape.Pixels - 1)}}]]}""")),
            () => Json("too dark", $$"""{"images": [[-{{random.Next(1, 1000)}}, {{Numbers(shape.Pixels - 1)}}]]}"""),
            () => Json("words for numbers", $$"""{"images": [["x", {{Numbers(shape.Pixels - 1)}}]]}"""),
            () => Json("truncated JSON", $$"""{"images": [[{{Numbers(random.Next(1, shape.Pixels))}}"""),
            () => Json("no images", random.Next(3) switch { 0 => "{}", 1 => "[]", _ => """{"images": []}""" }),
            () => Json("deep JSON", new string('[', random.Next(10, 5000))),
            () => Json("bytes for JSON", Encoding.Latin1.GetString(Bytes(random.Next(1, 300)))),
            () => Json("no base64", """{"images": ["%%%"]}"""),
            () => Json("base64 of no picture", $$"""{"images": ["{{Convert.ToBase64String(Bytes(random.Next(1, 200)))}}"]}"""),
            () => Json("unknown option", $$"""{"images": [[{{Numbers(shape.Pixels)}}]], "sead": 1}"""),
            () => Json("option twice", $$"""{"images": [[{{Numbers(shape.Pixels)}}]], "seed": 1, "seed": 2}"""),
            () => Json("option not allowed", $$"""{"images": [[{{Numbers(shape.Pixels)}}]], {{Option()}}}"""),
            () => Raw("IDX of another size", Idx(1, shape.Height + 1, shape.Width, (shape.Height + 1) * shape.Width)),
            () => Raw("IDX that says more than it has", Idx(random.Next(2, int.MaxValue), shape.Height, shape.Width, shape.Pixels)),
            () => Raw("IDX that ends in its header", Idx(1, shape.Height, shape.Width, 0)[..random.Next(4, 16)]),
            () => Raw("bytes of no whole image", new byte[(random.Next(1, 5) * shape.Pixels) + random.Next(1, shape.Pixels)]),
            () => Raw("too many images", new byte[(mostImages + random.Next(1, 5)) * shape.Pixels]),
            () => new("multipart without end", "multipart/form-data; boundary=x", Encoding.ASCII.GetBytes("--x\r\nContent-Type: image/png\r\n\r\nabc")),
            () => new("multipart without boundary", "multipart/form-data", Bytes(50)),
            () => new("unknown type", random.Next(2) == 0 ? "text/html" : null, Bytes(50)),
            () => new("nothing", "image/png", []),
            () => new("bad query", "application/octet-stream", new byte[shape.Pixels], $"?depth={random.Next(1000, int.MaxValue)}"),
        ];
        return Enumerable.Range(0, count).Select(i => kinds[i % kinds.Length]());
    }

    private static MalformedRequest Png(string kind, byte[] body) => new(kind, "image/png", body);

    private static MalformedRequest Json(string kind, string body) => new(kind, "application/json", Encoding.UTF8.GetBytes(body));

    private static MalformedRequest Raw(string kind, byte[] body) => new(kind, "application/octet-stream", body);

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Numbers(int count) => string.Join(",", Enumerable.Repeat("0", count));

    private static string Row(int width) => $"[{Numbers(width)}]";

    private static string Rows(int height, int width) => $"[{string.Join(",", Enumerable.Repeat(Row(width), height))}]";

    private string Option() => random.Next(8) switch
    {
        0 => "\"seed\": -1",
        1 => "\"samples\": 0",
        2 => "\"samples\": 1000000",
        3 => "\"depth\": 0",
        4 => "\"stopAt\": 1.5",
        5 => "\"trace\": 1",
        6 => "\"max\": 0",
        _ => "\"seed\": [1]",
    };

    private static byte[] Idx(int count, int height, int width, int bytes)
    {
        byte[] idx = new byte[16 + bytes];
        int[] header = [0x0803, count, height, width];
        foreach ((int i, int value) in header.Index())
        {
            BinaryPrimitives.WriteInt32BigEndian(idx.AsSpan(4 * i), value);
        }

        return idx;
    }

    // Within the pixels of the one IDAT chunk that a picture of this size has.
    private byte[] Damaged()
    {
        byte[] damaged = [.. good];
        int at = random.Next(good.Length / 3, good.Length / 2);
        for (int i = 0; i < 16; i++)
        {
            damaged[at + i] ^= 0xff;
        }

        return damaged;
    }

    private static byte[] Noise(int side)
    {
        Random pixels = new(1);
        using SKBitmap picture = new(side, side);
        for (int i = 0; i < side * side; i++)
        {
            picture.SetPixel(i % side, i / side, new SKColor((uint)pixels.NextInt64()));
        }

        using SKData data = picture.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private byte[] Claiming(uint side)
    {
        byte[] png = [.. good];
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(16), side);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(20), side);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32(png.AsSpan(12, 17)));
        return png;
    }

    /// <summary>A whole PNG of black pixels: 100 MB of them in 100 KB.</summary>
    private static byte[] Zeros(int side)
    {
        using MemoryStream pixels = new();
        using (ZLibStream zlib = new(pixels, CompressionLevel.Optimal, leaveOpen: true))
        {
            byte[] row = new byte[side + 1];
            for (int y = 0; y < side; y++)
            {
                zlib.Write(row);
            }
        }

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, side);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), side);
        header[8] = 8;
        return [.. Noise(1)[..Signature], .. Chunk("IHDR", header), .. Chunk("IDAT", pixels.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string name, byte[] data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(name, chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
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
