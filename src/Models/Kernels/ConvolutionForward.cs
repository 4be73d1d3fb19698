using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>Convolution, pool and ReLU in one pass: what the convolution gives before the pool is never in memory.</summary>
internal static unsafe class ConvolutionForward
{
    /// <summary>The choice of a result that ReLU has set to zero: no gradient passes it.</summary>
    public const byte None = byte.MaxValue;

    /// <summary>Computes a batch.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="x">The input, [images, height, width, inputs].</param>
    /// <param name="weight">[outputs, inputs, 3, 3].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="result">Is written, [images, result height, result width, outputs].</param>
    /// <param name="choice">
    /// Is written, of the size of the result: which of the window's four positions was the greatest, by rows from 0, and <see cref="None"/> where
    /// the result is zero.
    /// </param>
    public static void Run(in ConvolutionShape shape, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> result, Span<byte> choice)
    {
        using Scratch<float> bordered = new(shape.BorderedLength);
        using Scratch<float> packed = new(shape.PatchLength * shape.Outputs);
        Pack(shape, weight, packed.Span);
        bordered.Span.Clear();
        fixed (float* biases = bias, results = result)
        fixed (byte* choices = choice)
        {
            for (int image = 0; image < shape.Images; image++)
            {
                Borders.Fill(shape, x.Slice(image * shape.ImageLength, shape.ImageLength), bordered.Span);
                for (int channel = 0; channel < shape.Outputs; channel += shape.OutputBlock)
                {
                    int first = image * shape.ResultLength + channel;
                    float* weights = packed.Pointer + channel * shape.PatchLength;
                    if (shape.OutputBlock == WideForward.OutputBlock)
                    {
                        WideForward.Image(shape, bordered.Pointer, weights, biases + channel, results + first, choices + first);
                    }
                    else
                    {
                        Image(shape, bordered.Pointer, weights, biases + channel, results + first, choices + first);
                    }
                }
            }
        }
    }

    /// <summary>[outputs, inputs, 3, 3] to [outputs / block, 3, 3, inputs, block].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(in ConvolutionShape shape, ReadOnlySpan<float> weight, Span<float> packed)
    {
        int block = shape.OutputBlock;
        for (int output = 0; output < shape.Outputs; output++)
        {
            int from = output * shape.PatchLength;
            int to = output / block * block * shape.PatchLength + output % block;
            for (int input = 0; input < shape.Inputs; input++)
            {
                for (int tap = 0; tap < Taps; tap++)
                {
                    packed[to + (tap * shape.Inputs + input) * block] = weight[from + input * Taps + tap];
                }
            }
        }
    }

    /// <summary>One block of output channels of one image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Image(in ConvolutionShape shape, float* x, float* weight, float* bias, float* result, byte* choice)
    {
        float* sums = stackalloc float[Positions * NarrowBlock];
        for (int row = 0; row < shape.ResultHeight; row++)
        {
            float* window = x + 2 * row * shape.RowLength;
            for (int column = 0; column < shape.ResultWidth; column++)
            {
                Window(window, shape.Inputs, shape.RowLength, weight, bias, sums);
                Vector256<int> low = Pool(sums, result);
                Vector256<int> high = Pool(sums + Lanes, result + Lanes);
                Vector256<ushort> both = Vector256.Narrow(low.AsUInt32(), high.AsUInt32());
                Vector128.Narrow(both.GetLower(), both.GetUpper()).Store(choice);
                window += 2 * shape.Inputs;
                result += shape.Outputs;
                choice += shape.Outputs;
            }
        }
    }

    /// <summary>The convolution at the four positions of a window, for one block of output channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Window(float* x, int inputs, int rowLength, float* weight, float* bias, float* sums)
    {
        Vector256<float> a0 = Vector256.Load(bias), b0 = Vector256.Load(bias + Lanes);
        Vector256<float> a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
        for (int row = 0; row < 3; row++)
        {
            float* right = x + inputs;
            float* below = x + rowLength;
            float* belowRight = below + inputs;
            for (int i = 0; i < 3 * inputs; i++)
            {
                Vector256<float> first = Vector256.Load(weight), second = Vector256.Load(weight + Lanes);
                weight += NarrowBlock;
                Vector256<float> value = Vector256.Create(x[i]);
                a0 = Fma.MultiplyAdd(value, first, a0);
                b0 = Fma.MultiplyAdd(value, second, b0);
                value = Vector256.Create(right[i]);
                a1 = Fma.MultiplyAdd(value, first, a1);
                b1 = Fma.MultiplyAdd(value, second, b1);
                value = Vector256.Create(below[i]);
                a2 = Fma.MultiplyAdd(value, first, a2);
                b2 = Fma.MultiplyAdd(value, second, b2);
                value = Vector256.Create(belowRight[i]);
                a3 = Fma.MultiplyAdd(value, first, a3);
                b3 = Fma.MultiplyAdd(value, second, b3);
            }

            x = below;
        }

        a0.Store(sums);
        b0.Store(sums + Lanes);
        a1.Store(sums + NarrowBlock);
        b1.Store(sums + NarrowBlock + Lanes);
        a2.Store(sums + 2 * NarrowBlock);
        b2.Store(sums + 2 * NarrowBlock + Lanes);
        a3.Store(sums + 3 * NarrowBlock);
        b3.Store(sums + 3 * NarrowBlock + Lanes);
    }

    // As libtorch: the first of equal values is chosen, and a value that is not a number is the greatest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pool(float* sums, float* result)
    {
        Vector256<float> greatest = Vector256.Load(sums);
        Vector256<int> chosen = Vector256<int>.Zero;
        for (int position = 1; position < Positions; position++)
        {
            Vector256<float> value = Vector256.Load(sums + position * NarrowBlock);
            Vector256<float> greater = Vector256.GreaterThan(value, greatest) | ~Vector256.Equals(value, value);
            greatest = Vector256.ConditionalSelect(greater, value, greatest);
            chosen = Vector256.ConditionalSelect(greater.AsInt32(), Vector256.Create(position), chosen);
        }

        Vector256<float> zero = Vector256.LessThanOrEqual(greatest, Vector256<float>.Zero);
        Vector256.AndNot(greatest, zero).Store(result);
        return Vector256.ConditionalSelect(zero.AsInt32(), Vector256.Create((int)None), chosen);
    }
}
