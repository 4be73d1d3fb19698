using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace NoProp.Models.Randomness;

/// <summary>Random tensors and permutations at an address. Nothing here touches libtorch's generators.</summary>
public static class Noise
{
    /// <summary>Standard normal numbers, float32 of the given shape.</summary>
    /// <param name="key">Their address.</param>
    /// <param name="shape">Shape of the result.</param>
    /// <param name="offset">Position in the sequence of the first number: row i of [count, d] begins at i * d.</param>
    public static Tensor Normal(in NoiseKey key, ReadOnlySpan<long> shape, long offset = 0)
    {
        Tensor result = empty(shape.ToArray(), ScalarType.Float32);
        FillNormal(key, MemoryMarshal.Cast<byte, float>(result.bytes), offset);
        return result;
    }

    /// <summary>Standard normal numbers.</summary>
    public static void FillNormal(in NoiseKey key, Span<float> destination, long offset = 0)
    {
        // Box-Muller turns words 2k and 2k+1 into normals 2k and 2k+1, so a number depends on its position alone.
        Sequence sequence = new(key, offset & ~1L);
        int i = (int)(offset & 1) == 0 ? 0 : -1;
        while (i < destination.Length)
        {
            float radius = MathF.Sqrt(-2f * MathF.Log(1f - Unit(sequence.Next())));
            (float sin, float cos) = MathF.SinCos(2f * MathF.PI * Unit(sequence.Next()));
            if (i >= 0)
            {
                destination[i] = radius * cos;
            }

            if (i + 1 < destination.Length)
            {
                destination[i + 1] = radius * sin;
            }

            i += 2;
        }
    }

    /// <summary>Numbers uniform in [0, 1), float32 [count].</summary>
    public static Tensor Uniform(in NoiseKey key, long count)
    {
        Tensor result = empty(count, ScalarType.Float32);
        Sequence sequence = new(key, 0);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(result.bytes))
        {
            value = Unit(sequence.Next());
        }

        return result;
    }

    /// <summary>Numbers uniform in [-<paramref name="bound"/>, <paramref name="bound"/>).</summary>
    public static void FillUniform(in NoiseKey key, Span<float> destination, float bound, long offset = 0)
    {
        Sequence sequence = new(key, offset);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = bound * (2f * Unit(sequence.Next()) - 1f);
        }
    }

    /// <summary>An inverted dropout mask, float32 of the given shape: 0 with probability p, otherwise 1 / (1 - p).</summary>
    /// <param name="key">Its address.</param>
    /// <param name="p">Probability of zero, in [0, 1).</param>
    /// <param name="shape">Shape of the result.</param>
    /// <param name="offset">Position in the sequence; layers of one network use disjoint ranges.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not in [0, 1).</exception>
    public static Tensor DropoutMask(in NoiseKey key, double p, ReadOnlySpan<long> shape, long offset)
    {
        (uint threshold, float scale) = DropoutOf(p);
        Tensor result = empty(shape.ToArray(), ScalarType.Float32);
        // The mask's memory holds its random words first.
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(result.bytes);
        Words(key, offset, words);
        uint kept = BitConverter.SingleToUInt32Bits(scale);
        for (; words.Length >= Vector<uint>.Count; words = words[Vector<uint>.Count..])
        {
            Vector.AndNot(new Vector<uint>(kept), Vector.LessThan(new Vector<uint>(words), new Vector<uint>(threshold))).CopyTo(words);
        }

        foreach (ref uint word in words)
        {
            word = word < threshold ? 0 : kept;
        }

        return result;
    }

    /// <summary>What dropout makes of a word: 0 below the threshold, otherwise what is kept is scaled up.</summary>
    internal static (uint Threshold, float Kept) DropoutOf(double p) =>
        // At 1 the mask would silently be 0 and infinity. NaN fails every comparison.
        p >= 0 && p < 1
            ? ((uint)(p * uint.MaxValue), (float)(1 / (1 - p)))
            : throw new ArgumentOutOfRangeException(nameof(p), p, "a dropout probability must be in [0, 1)");

    /// <summary>A uniformly random order of 0..<paramref name="count"/>-1 (Fisher-Yates).</summary>
    public static long[] Permutation(in NoiseKey key, int count)
    {
        long[] order = new long[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        Sequence sequence = new(key, 0);
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)((ulong)sequence.Next() * (uint)(i + 1) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    /// <summary>A whole number uniform in 0..<paramref name="count"/>-1.</summary>
    public static int Choice(in NoiseKey key, int count) => (int)((ulong)Philox.At(key, 0).X0 * (uint)count >> 32);

    /// <summary>A number uniform in [0, 1), of 53 bits.</summary>
    public static double Fraction(in NoiseKey key)
    {
        (uint x0, uint x1, _, _) = Philox.At(key, 0);
        return (((ulong)x0 << 32 | x1) >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>The words of an address from a position on.</summary>
    private static void Words(in NoiseKey key, long position, Span<uint> words)
    {
        if (PhiloxBlocks.IsSupported && position % 4 == 0)
        {
            for (; words.Length >= PhiloxBlocks.Words; words = words[PhiloxBlocks.Words..])
            {
                // The last of the eight must be a position too.
                PhiloxBlocks.At(key, checked((uint)((position >> 2) + 7)) - 7, words);
                position += PhiloxBlocks.Words;
            }
        }

        Sequence sequence = new(key, position);
        foreach (ref uint word in words)
        {
            word = sequence.Next();
        }
    }

    /// <summary>24 bits as a float32 in [0, 1).</summary>
    private static float Unit(uint word) => (word >> 8) * (1f / (1 << 24));

    /// <summary>The words of one address, in order.</summary>
    private ref struct Sequence(NoiseKey key, long position)
    {
        private (uint X0, uint X1, uint X2, uint X3) block = Philox.At(key, checked((uint)(position >> 2)));
        private long position = position;

        public uint Next()
        {
            int lane = (int)(position & 3);
            if (lane == 0)
            {
                block = Philox.At(key, checked((uint)(position >> 2)));
            }

            position++;
            return lane switch { 0 => block.X0, 1 => block.X1, 2 => block.X2, _ => block.X3 };
        }
    }
}
