namespace NoProp.Models.Data.Images;

/// <summary>An image file's contents.</summary>
/// <param name="Size">Its size.</param>
/// <param name="Pixels">uint8 [3, height, width]: red, green and blue, alike where the image is grey.</param>
public sealed record DecodedImage(ImageSize Size, byte[] Pixels);

/// <summary>Decodes an image file. Several threads may call it at once.</summary>
/// <param name="name">What messages call the file.</param>
/// <param name="encoded">Its bytes: PNG or JPEG.</param>
/// <param name="size">The size to scale it to; null to leave it as it is.</param>
/// <exception cref="NoPropException">It is no image, or a damaged one.</exception>
public delegate DecodedImage DecodeImage(string name, byte[] encoded, ImageSize? size);

/// <summary>How far the reading of image files has come.</summary>
/// <param name="Done">Files read.</param>
/// <param name="Total">Files in all.</param>
public readonly record struct ImagesRead(int Done, int Total);

/// <summary>How image files are read.</summary>
/// <param name="Decode">Decodes one; the formats are its business.</param>
/// <param name="Size">The size that they are scaled to; null where they all have the same.</param>
/// <param name="Progress">Told now and then, from any thread; may be null.</param>
public sealed record ImageReading(DecodeImage Decode, ImageSize? Size = null, IProgress<ImagesRead>? Progress = null)
{
    /// <summary>Refuses a size for a data set that does not consist of image files.</summary>
    /// <exception cref="NoPropException">A size is given.</exception>
    internal static void RefuseSize(ImageReading? reading, string name, ImageShape shape)
    {
        if (reading?.Size is { } size)
        {
            throw new NoPropException(
                $"{name} images are {shape.Height}x{shape.Width} and cannot be scaled to {size}: leave --image-size out, it is for image files");
        }
    }
}
