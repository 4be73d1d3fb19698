using System.Runtime.CompilerServices;

namespace NoProp.Models.Randomness;

/// <summary>
/// Philox4x32-10, a counter-based generator: a pure function from a 128-bit counter and a 64-bit key to 128 random bits (Salmon, Moraes,
/// Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// </summary>
public static class Philox
{
    internal const int Rounds = 10;
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;

    /// <summary>The four words at position <paramref name="index"/> of the sequence that <paramref name="key"/> names.</summary>
    /// <remarks>The counter is (index, step low, block and step high, stream): 2^32 positions, 2^48 steps, 2^16 blocks.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The block or the step does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint X0, uint X1, uint X2, uint X3) At(in NoiseKey key, uint index)
    {
        Counter rest = CounterOf(key);
        return Block(index, rest.C1, rest.C2, rest.C3, rest.K0, rest.K1);
    }

    /// <summary>What a key says of counter and key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Counter CounterOf(in NoiseKey key) => (uint)key.Block >= 1u << 16 || (ulong)key.Step >= 1ul << 48
        ? throw new ArgumentOutOfRangeException(nameof(key), $"no noise at {key}: block must be under 2^16 and step under 2^48")
        : new((uint)key.Step, (uint)key.Block | (uint)(key.Step >> 32) << 16, (uint)key.Stream, (uint)key.Seed, (uint)(key.Seed >> 32));

    /// <summary>Ten rounds over the counter (c0, c1, c2, c3) with the key (k0, k1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint X0, uint X1, uint X2, uint X3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>The words of the counter behind the position, and those of the key.</summary>
    internal readonly record struct Counter(uint C1, uint C2, uint C3, uint K0, uint K1);
}
