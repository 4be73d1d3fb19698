using NoProp.Models.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Embeddings;

/// <summary>W before training (paper, section 2.2.1).</summary>
public static class InitialEmbedding
{
    /// <summary>W, row-major [m, d]: the same bits for the same arguments, on every machine.</summary>
    /// <param name="settings">Kind, size and initialisation.</param>
    /// <param name="classes">Number of classes m.</param>
    /// <param name="pixels">Number of values in an image.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="prototypes">Gives <see cref="Prototypes.Values"/>, [m, pixels]; called only where W begins with prototypes.</param>
    /// <exception cref="NoPropException">W shall begin with prototypes, but d is not the number of pixels.</exception>
    /// <exception cref="ArgumentException">The prototypes are not [m, pixels].</exception>
    public static float[] Create(EmbeddingSettings settings, int classes, int pixels, ulong seed, Func<float[]> prototypes)
    {
        int d = settings.Dimension(classes, pixels);
        return (settings.Kind, settings.Init) switch
        {
            (EmbeddingKind.OneHot, _) => Identity(classes),
            (_, EmbeddingInit.Prototype) => FromPrototypes(settings, classes, pixels, prototypes),
            (_, EmbeddingInit.Orthogonal) when d >= classes => Orthonormal(Normal(seed, classes, d), d),
            _ => Normal(seed, classes, d),
        };
    }

    private static float[] Identity(int classes)
    {
        float[] w = new float[classes * classes];
        for (int y = 0; y < classes; y++)
        {
            w[y * classes + y] = 1;
        }

        return w;
    }

    private static float[] FromPrototypes(EmbeddingSettings settings, int classes, int pixels, Func<float[]> prototypes)
    {
        if (settings.Dimension(classes, pixels) != pixels)
        {
            throw new NoPropException(
                $"embedding {settings.Name} cannot begin with prototypes, which have {pixels} numbers each: "
                + $"choose learned:{pixels} or prototype, or another initialisation");
        }

        float[] w = prototypes();
        return w.Length == classes * pixels
            ? w
            : throw new ArgumentException($"{w.Length} numbers are not {classes} prototypes of {pixels}", nameof(prototypes));
    }

    private static float[] Normal(ulong seed, int classes, int d)
    {
        using DisposeScope scope = NewDisposeScope();
        return Noise.Normal(new NoiseKey(seed, NoiseStream.Embedding), [classes, d]).data<float>().ToArray();
    }

    /// <summary>
    /// Modified Gram-Schmidt in a fixed order: LAPACK's sums depend on the machine, and then so would every weight after the first step.
    /// </summary>
    private static float[] Orthonormal(float[] noise, int d)
    {
        double[] rows = Array.ConvertAll(noise, value => (double)value);
        for (int i = 0; i < rows.Length; i += d)
        {
            Span<double> row = rows.AsSpan(i, d);

            // Where a row lies almost in the span of those before it, rounding leaves a part of them; a second pass takes it away.
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j += d)
                {
                    ReadOnlySpan<double> earlier = rows.AsSpan(j, d);
                    AddMultiple(row, -Dot(row, earlier), earlier);
                }

                Scale(row, 1 / Math.Sqrt(Dot(row, row)));
            }
        }

        return Array.ConvertAll(rows, value => (float)value);
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int k = 0; k < a.Length; k++)
        {
            sum += a[k] * b[k];
        }

        return sum;
    }

    private static void AddMultiple(Span<double> row, double factor, ReadOnlySpan<double> other)
    {
        for (int k = 0; k < row.Length; k++)
        {
            row[k] += factor * other[k];
        }
    }

    private static void Scale(Span<double> row, double factor)
    {
        for (int k = 0; k < row.Length; k++)
        {
            row[k] *= factor;
        }
    }
}
