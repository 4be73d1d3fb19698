using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Randomness;

/// <summary>Eight blocks of Philox at a time, the same bits as <see cref="Philox.At"/> one by one.</summary>
internal static class PhiloxBlocks
{
    /// <summary>Words of eight blocks.</summary>
    public const int Words = 32;

    /// <summary>Whether this processor has the instructions.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>The words at eight positions of the sequence that a key names.</summary>
    /// <param name="key">The key.</param>
    /// <param name="index">The first position.</param>
    /// <param name="words">Is written, [8, 4].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void At(in NoiseKey key, uint index, Span<uint> words)
    {
        Philox.Counter rest = Philox.CounterOf(key);
        Vector256<uint> c0 = Vector256.Create(index) + Vector256<uint>.Indices;
        Vector256<uint> c1 = Vector256.Create(rest.C1), c2 = Vector256.Create(rest.C2), c3 = Vector256.Create(rest.C3);
        (uint k0, uint k1) = (rest.K0, rest.K1);
        for (int round = 0; round < Philox.Rounds; round++)
        {
            (Vector256<uint> high0, Vector256<uint> low0) = Product(c0, Philox.Multiplier0);
            (Vector256<uint> high1, Vector256<uint> low1) = Product(c2, Philox.Multiplier1);
            (c0, c1, c2, c3) = (high1 ^ c1 ^ Vector256.Create(k0), low1, high0 ^ c3 ^ Vector256.Create(k1), low0);
            k0 += Philox.Weyl0;
            k1 += Philox.Weyl1;
        }

        // From a word of eight blocks in each vector to the four words of a block in each half.
        Vector256<ulong> firsts = Avx2.UnpackLow(c0, c1).AsUInt64(), seconds = Avx2.UnpackHigh(c0, c1).AsUInt64();
        Vector256<ulong> thirds = Avx2.UnpackLow(c2, c3).AsUInt64(), fourths = Avx2.UnpackHigh(c2, c3).AsUInt64();
        Store(Avx2.UnpackLow(firsts, thirds), words, 0);
        Store(Avx2.UnpackHigh(firsts, thirds), words, 1);
        Store(Avx2.UnpackLow(seconds, fourths), words, 2);
        Store(Avx2.UnpackHigh(seconds, fourths), words, 3);
    }

    // The instruction multiplies every other number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> High, Vector256<uint> Low) Product(Vector256<uint> values, uint multiplier)
    {
        const byte Odd = 0b10101010;
        Vector256<uint> factor = Vector256.Create(multiplier);
        Vector256<ulong> even = Avx2.Multiply(values, factor);
        Vector256<ulong> odd = Avx2.Multiply((values.AsUInt64() >>> 32).AsUInt32(), factor);
        return (Avx2.Blend((even >>> 32).AsUInt32(), odd.AsUInt32(), Odd), Avx2.Blend(even.AsUInt32(), (odd << 32).AsUInt32(), Odd));
    }

    private static void Store(Vector256<ulong> blocks, Span<uint> words, int block)
    {
        blocks.GetLower().AsUInt32().CopyTo(words[(block * 4)..]);
        blocks.GetUpper().AsUInt32().CopyTo(words[((block + 4) * 4)..]);
    }
}
