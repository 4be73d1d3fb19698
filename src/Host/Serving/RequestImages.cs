using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using NoProp.Actors.Hosting;
using NoProp.Actors.Inference;
using NoProp.Host.Images;
using NoProp.Models;

namespace NoProp.Host.Serving;

/// <summary>The images of requests, as pixels of the model's size.</summary>
/// <param name="model">What they are for.</param>
/// <param name="limits">How many and how large they may be.</param>
internal sealed class RequestImages(InferenceModel model, ServeSettings limits) : IDisposable
{
    private const int IdxGrey = 0x0803;
    private const int IdxColour = 0x0804;

    // A small file can hold a picture of many megabytes: only as many are in memory as are worked on.
    private readonly SemaphoreSlim decoding = new(Environment.ProcessorCount);

    private int Pixels => model.Shape.Pixels;

    /// <summary>Pictures.</summary>
    /// <exception cref="RequestException">One cannot be read, or there are too many.</exception>
    public async Task<float[]> DecodeAsync(IReadOnlyList<byte[]> pictures, bool invert, CancellationToken aborted)
    {
        CheckCount(pictures.Count);
        float[] all = new float[pictures.Count * Pixels];
        for (int i = 0; i < pictures.Count; i++)
        {
            (await DecodeAsync(Name(i), pictures[i], invert, aborted)).CopyTo(all, i * Pixels);
        }

        return all;
    }

    /// <summary>Raw pixels: an IDX file of unsigned bytes, or the bytes alone.</summary>
    /// <exception cref="RequestException">They are not of the model's size, or too many.</exception>
    public float[] FromBytes(ReadOnlySpan<byte> body)
    {
        int magic = body.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(body) : 0;
        if (magic is IdxGrey or IdxColour)
        {
            int sides = magic - 0x0800;
            int header = 4 + (4 * sides);
            if (body.Length < header)
            {
                throw Bad($"the IDX file ends within its header of {header} bytes");
            }

            uint[] sizes = new uint[sides];
            for (int i = 0; i < sides; i++)
            {
                sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(body[(4 + (4 * i))..]);
            }

            uint[] wanted = magic == IdxGrey && model.Shape.Channels == 1
                ? [(uint)model.Shape.Height, (uint)model.Shape.Width]
                : [(uint)model.Shape.Channels, (uint)model.Shape.Height, (uint)model.Shape.Width];
            if (!sizes.Skip(1).SequenceEqual(wanted))
            {
                throw Bad($"the IDX file has images of {string.Join('x', sizes.Skip(1))}: this model takes {string.Join('x', wanted)}");
            }

            if (sizes[0] * (long)Pixels != body.Length - header)
            {
                throw Bad($"the IDX file says {sizes[0]} images of {Pixels} bytes, and {body.Length - header} bytes follow its header");
            }

            body = body[header..];
        }

        if (body.Length == 0 || body.Length % Pixels != 0)
        {
            throw Bad($"{body.Length} bytes are no whole number of images: each has {Pixels} ({model.Shape}), and at least one is needed");
        }

        CheckCount(body.Length / Pixels);
        float[] all = new float[body.Length];
        for (int i = 0; i < body.Length; i++)
        {
            all[i] = body[i];
        }

        return Checked(all);
    }

    /// <summary>The images of a JSON array: numbers or pictures.</summary>
    /// <exception cref="RequestException">They cannot be read, or are too many.</exception>
    public async Task<float[]> FromJsonAsync(JsonElement images, RequestOptions options, CancellationToken aborted)
    {
        if (images.ValueKind != JsonValueKind.Array)
        {
            throw Bad("images: must be an array of images");
        }

        int count = images.GetArrayLength();
        CheckCount(count);
        float[] all = new float[count * Pixels];
        int at = 0;
        foreach (JsonElement image in images.EnumerateArray())
        {
            Memory<float> pixels = all.AsMemory(at * Pixels, Pixels);
            string name = Name(at++);
            if (image.ValueKind == JsonValueKind.String)
            {
                (await DecodeAsync(name, FromBase64(name, image.GetString()!), options.Invert, aborted)).CopyTo(pixels);
            }
            else
            {
                Fill(name, image, pixels.Span, options.Max is { } max ? model.PixelMax / max : null);
            }
        }

        return Checked(all);
    }

    /// <inheritdoc/>
    public void Dispose() => decoding.Dispose();

    private static string Name(int index) => $"image {index + 1}";

    private static RequestException Bad(string message) => new(StatusCodes.Status400BadRequest, message);

    private void CheckCount(int count)
    {
        if (count == 0)
        {
            throw Bad("there is no image");
        }

        if (count > limits.MaxImages)
        {
            throw new RequestException(StatusCodes.Status413PayloadTooLarge, $"{count} images: at most {limits.MaxImages} are taken at once; send more requests");
        }
    }

    private async Task<float[]> DecodeAsync(string name, byte[] picture, bool invert, CancellationToken aborted)
    {
        await decoding.WaitAsync(aborted);
        try
        {
            return ImageFile.Read(name, picture, model.Shape, model.PixelMax, invert, limits.MaxSide);
        }
        catch (NoPropException e)
        {
            throw new RequestException(e.Message.Contains("a side are read", StringComparison.Ordinal) ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest, e.Message);
        }
        finally
        {
            decoding.Release();
        }
    }

    private static byte[] FromBase64(string name, string text)
    {
        if (text.StartsWith("data:", StringComparison.Ordinal))
        {
            const string Mark = ";base64,";
            int mark = text.IndexOf(Mark, StringComparison.Ordinal);
            text = mark < 0 ? throw Bad($"{name} is a data URL without {Mark}") : text[(mark + Mark.Length)..];
        }

        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw Bad($"{name} is a string that is no base64: {e.Message.Split('.')[0]}");
        }
    }

    /// <summary>An image of numbers: flat, [height][width] or [channels][height][width].</summary>
    private void Fill(string name, JsonElement image, Span<float> pixels, float? scale)
    {
        (int channels, int height, int width) = model.Shape;
        int[] sizes = [.. Sizes(name, image)];
        bool fits = sizes switch
        {
            [var all] => all == Pixels,
            [var rows, var columns] => channels == 1 && rows == height && columns == width,
            [var planes, var rows, var columns] => planes == channels && rows == height && columns == width,
            _ => false,
        };
        if (!fits)
        {
            throw Bad($"{name} has {string.Join('x', sizes)} numbers: this model takes {(channels == 1 ? $"{height}x{width}" : $"{channels}x{height}x{width}")}, or {Pixels} in a row");
        }

        int at = 0;
        Flatten(name, image, sizes, pixels, ref at, scale);
    }

    private static IEnumerable<int> Sizes(string name, JsonElement image)
    {
        for (int depth = 0; image.ValueKind == JsonValueKind.Array; depth++)
        {
            if (depth == 3 || image.GetArrayLength() == 0)
            {
                throw Bad(depth == 3 ? $"{name} is an array of more than three levels" : $"{name} holds an empty array");
            }

            yield return image.GetArrayLength();
            image = image[0];
        }
    }

    private static void Flatten(string name, JsonElement part, ReadOnlySpan<int> sizes, Span<float> pixels, ref int at, float? scale)
    {
        if (sizes.IsEmpty)
        {
            if (part.ValueKind != JsonValueKind.Number || !part.TryGetSingle(out float value))
            {
                throw Bad($"number {at + 1} of {name} is {RequestOptions.Shown(part.GetRawText())}: must be a number");
            }

            pixels[at++] = scale is { } factor ? value * factor : value;
            return;
        }

        if (part.ValueKind != JsonValueKind.Array || part.GetArrayLength() != sizes[0])
        {
            throw Bad($"the rows of {name} are not of one length");
        }

        foreach (JsonElement inner in part.EnumerateArray())
        {
            Flatten(name, inner, sizes[1..], pixels, ref at, scale);
        }
    }

    private float[] Checked(float[] pixels)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            // NaN fails every comparison.
            if (!(pixels[i] >= 0 && pixels[i] <= model.PixelMax))
            {
                throw Bad(FormattableString.Invariant($"pixel {(i % Pixels) + 1} of {Name(i / Pixels)} is {pixels[i]}: must be from 0 to {model.PixelMax}, the model's pixelMax"));
            }
        }

        return pixels;
    }
}
