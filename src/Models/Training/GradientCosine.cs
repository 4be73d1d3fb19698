namespace NoProp.Models.Training;

/// <summary>How far two gradients agree.</summary>
public static class GradientCosine
{
    /// <summary>a . b / (|a| |b|), summed in double precision: 1 for the same direction, 0 for a right angle, -1 for the opposite one.</summary>
    /// <param name="a">A gradient.</param>
    /// <param name="b">Another one of the same length.</param>
    /// <returns>Null where one of them is zero, and has no direction.</returns>
    /// <exception cref="ArgumentException">They are of different lengths.</exception>
    public static double? Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
        {
            throw new ArgumentException($"gradients of {a.Length} and {b.Length} values have no angle");
        }

        (double product, double lengthA, double lengthB) = (0, 0, 0);
        for (int i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            lengthA += (double)a[i] * a[i];
            lengthB += (double)b[i] * b[i];
        }

        return lengthA > 0 && lengthB > 0 ? Math.Clamp(product / Math.Sqrt(lengthA * lengthB), -1, 1) : null;
    }
}
