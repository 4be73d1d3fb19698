using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Kernels;

/// <summary>
/// <see cref="ConvolutionForward"/> with vectors of sixteen. Each lane is an output channel and sums in the same order as with vectors of eight, so that the bits are
/// the same.
/// </summary>
internal static unsafe class WideForward
{
    /// <summary>Output channels that are computed together.</summary>
    public const int OutputBlock = 2 * Lanes;

    private const int Lanes = 16;

    /// <summary>One block of output channels of one image.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="x">The bordered image.</param>
    /// <param name="weight">[3, 3, inputs, block].</param>
    /// <param name="bias">[block].</param>
    /// <param name="result">The block's first result.</param>
    /// <param name="choice">Its choice.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Image(in ConvolutionShape shape, float* x, float* weight, float* bias, float* result, byte* choice)
    {
        for (int row = 0; row < shape.ResultHeight; row++)
        {
            float* window = x + 2 * row * shape.RowLength;
            for (int column = 0; column < shape.ResultWidth; column++)
            {
                Window(window, shape.Inputs, shape.RowLength, weight, bias, result, choice);
                window += 2 * shape.Inputs;
                result += shape.Outputs;
                choice += shape.Outputs;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Window(float* x, int inputs, int rowLength, float* weight, float* bias, float* result, byte* choice)
    {
        Vector512<float> a0 = Vector512.Load(bias), b0 = Vector512.Load(bias + Lanes);
        Vector512<float> a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
        for (int row = 0; row < 3; row++)
        {
            float* right = x + inputs;
            float* below = x + rowLength;
            float* belowRight = below + inputs;
            for (int i = 0; i < 3 * inputs; i++)
            {
                Vector512<float> first = Vector512.Load(weight), second = Vector512.Load(weight + Lanes);
                weight += OutputBlock;
                Vector512<float> value = Vector512.Create(x[i]);
                a0 = Avx512F.FusedMultiplyAdd(value, first, a0);
                b0 = Avx512F.FusedMultiplyAdd(value, second, b0);
                value = Vector512.Create(right[i]);
                a1 = Avx512F.FusedMultiplyAdd(value, first, a1);
                b1 = Avx512F.FusedMultiplyAdd(value, second, b1);
                value = Vector512.Create(below[i]);
                a2 = Avx512F.FusedMultiplyAdd(value, first, a2);
                b2 = Avx512F.FusedMultiplyAdd(value, second, b2);
                value = Vector512.Create(belowRight[i]);
                a3 = Avx512F.FusedMultiplyAdd(value, first, a3);
                b3 = Avx512F.FusedMultiplyAdd(value, second, b3);
            }

            x = below;
        }

        Pool(a0, a1, a2, a3, result, choice);
        Pool(b0, b1, b2, b3, result + Lanes, choice + Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pool(Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, float* result, byte* choice)
    {
        (Vector512<float> Value, Vector512<int> Position) greatest = (v0, Vector512<int>.Zero);
        greatest = Greater(v1, 1, greatest.Value, greatest.Position);
        greatest = Greater(v2, 2, greatest.Value, greatest.Position);
        greatest = Greater(v3, 3, greatest.Value, greatest.Position);
        Vector512<float> zero = Vector512.LessThanOrEqual(greatest.Value, Vector512<float>.Zero);
        Vector512.AndNot(greatest.Value, zero).Store(result);
        Vector512<int> chosen = Vector512.ConditionalSelect(zero.AsInt32(), Vector512.Create((int)ConvolutionForward.None), greatest.Position);
        Avx512F.ConvertToVector128Byte(chosen.AsUInt32()).Store(choice);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Value, Vector512<int> Position) Greater(Vector512<float> value, int position, Vector512<float> than, Vector512<int> chosen)
    {
        Vector512<float> greater = Vector512.GreaterThan(value, than) | ~Vector512.Equals(value, value);
        return (Vector512.ConditionalSelect(greater, value, than), Vector512.ConditionalSelect(greater.AsInt32(), Vector512.Create(position), chosen));
    }
}
