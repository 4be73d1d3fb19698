using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Randomness;

/// <summary>
/// Random numbers that are drawn where they are used, by operations on tensors: the bits of <see cref="Noise"/>, on any device, without copying
/// them there. A drawing is a good hundred small operations however much it gives, so what is needed together is drawn together.
/// </summary>
internal static class DeviceNoise
{
    private const int Lanes = 4;

    /// <summary>Several inverted dropout masks at several addresses, each as <see cref="Noise.DropoutMask"/> gives it.</summary>
    /// <param name="keys">The addresses, k of them: one seed and one stream, any blocks and steps.</param>
    /// <param name="p">Probability of zero, in [0, 1).</param>
    /// <param name="masks">Shape of each mask, and its position in the sequence.</param>
    /// <param name="device">Where they are drawn, and are afterwards.</param>
    /// <returns>For each mask float32 [k, its shape].</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not in [0, 1), or an address or a position does not fit.</exception>
    public static Tensor[] DropoutMasks(IReadOnlyList<NoiseKey> keys, double p, IReadOnlyList<(long[] Shape, long Offset)> masks, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        (uint threshold, float kept) = Noise.DropoutOf(p);
        Span[] spans = [.. masks.Select(mask => Span.Of(mask.Shape, mask.Offset))];
        Tensor words = Words(keys, cat([.. spans.Select(span => Positions(span, device))]));
        Tensor values = words.ge(tensor((long)threshold)).to(ScalarType.Float32).mul(tensor(kept)).flatten(1);
        Tensor[] results = new Tensor[masks.Count];
        long from = 0;
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = values.narrow(1, from + spans[i].Skipped, spans[i].Count).reshape([keys.Count, .. masks[i].Shape]).MoveToOuterDisposeScope();
            from += spans[i].Blocks * Lanes;
        }

        return results;
    }

    /// <summary>Philox4x32-10: the words at positions of several sequences.</summary>
    /// <param name="keys">The sequences, k of them: one seed and one stream, any blocks and steps.</param>
    /// <param name="positions">int64 [n], each in 0..2^32-1, on the device that draws.</param>
    /// <returns>int64 [k, n, 4], each in 0..2^32-1.</returns>
    public static Tensor Words(IReadOnlyList<NoiseKey> keys, Tensor positions)
    {
        Philox.Counter[] counters = [.. keys.Select(key => Philox.CounterOf(key))];
        (_, _, uint stream, uint k0, uint k1) = counters[0];
        if (counters.Any(counter => (counter.C3, counter.K0, counter.K1) != (stream, k0, k1)))
        {
            throw new ArgumentException("random numbers of several seeds or streams are not drawn together", nameof(keys));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor low = Word(uint.MaxValue), half = Word(32), factor0 = Word(Philox.Multiplier0), factor1 = Word(Philox.Multiplier1);
        long[] all = [counters.Length, positions.shape[0]];
        (Tensor c0, Tensor c1, Tensor c2, Tensor c3) = (positions.expand(all), Column(counter => counter.C1), Column(counter => counter.C2).expand(all), Word(stream));
        for (int round = 0; round < Philox.Rounds; round++)
        {
            // int64 holds the 64 bits of a product of two words. Its upper half stays in c1 and c3, where nothing reads it.
            (Tensor product0, Tensor product1) = (c0.mul(factor0), c2.mul(factor1));
            (Tensor former0, Tensor former1, Tensor former2, Tensor former3) = (c0, c1, c2, c3);
            (c0, c1, c2, c3) = (High(product1, c1, k0), product1, High(product0, c3, k1), product0);
            // Otherwise a drawing would hold as many tensors as it makes.
            former0.Dispose();
            former1.Dispose();
            former2.Dispose();
            former3.Dispose();
            k0 += Philox.Weyl0;
            k1 += Philox.Weyl1;
        }

        return stack([c0, c1.bitwise_and_(low), c2, c3.bitwise_and_(low)], 2).MoveToOuterDisposeScope();

        // The upper word of the product, xor the other word, xor k.
        Tensor High(Tensor product, Tensor other, uint k) =>
            product.bitwise_right_shift(half).bitwise_xor_(other).bitwise_xor_(Word(k)).bitwise_and_(low);

        // Only what differs between sequences is copied to the device.
        Tensor Column(Func<Philox.Counter, uint> word)
        {
            using Scalar first = ((long)word(counters[0])).ToScalar();
            return counters.Length == 1
                ? full([1, 1], first, ScalarType.Int64, positions.device)
                : tensor([.. counters.Select(counter => (long)word(counter))], [counters.Length, 1]).OnDeviceOf(positions);
        }
    }

    // A tensor of no dimension on the CPU goes into an operation on any device as a number.
    private static Tensor Word(uint value) => tensor((long)value);

    private static Tensor Positions(Span span, Device device)
    {
        using Scalar from = span.First.ToScalar(), to = (span.First + span.Blocks).ToScalar(), one = 1L.ToScalar();
        return arange(from, to, one, ScalarType.Int64, device);
    }

    /// <summary>Where a mask lies among the blocks of four words.</summary>
    private readonly record struct Span(long First, long Blocks, int Skipped, long Count)
    {
        public static Span Of(long[] shape, long offset)
        {
            long count = shape.Aggregate(1L, (product, size) => product * size);
            (long first, long end) = (offset / Lanes, (offset + count + Lanes - 1) / Lanes);
            return offset >= 0 && end <= 1L << 32
                ? new(first, end - first, (int)(offset % Lanes), count)
                : throw new ArgumentOutOfRangeException(nameof(offset), offset, $"a sequence has 2^34 numbers, and {count} are asked for");
        }
    }
}
