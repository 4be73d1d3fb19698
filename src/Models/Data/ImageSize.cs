using System.Globalization;

namespace NoProp.Models.Data;

/// <summary>Height and width of an image.</summary>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
public readonly record struct ImageSize(int Height, int Width)
{
    /// <summary>The largest height and width, in pixels.</summary>
    public const int Largest = 4096;

    /// <summary>Reads <c>N</c>, a square, or <c>HxW</c>.</summary>
    /// <returns>Whether it is one of the two, with numbers from 1 to <see cref="Largest"/>.</returns>
    public static bool TryParse(string? text, out ImageSize size)
    {
        string[] sides = text?.Split('x') ?? [];
        bool read = TrySide(sides.FirstOrDefault(), out int height) & TrySide(sides.LastOrDefault(), out int width);
        size = new(height, width);
        return read && sides.Length <= 2;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Height}x{Width}";

    private static bool TrySide(string? text, out int side) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side is >= 1 and <= Largest;
}
