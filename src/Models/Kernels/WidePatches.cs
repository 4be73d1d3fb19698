using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NoProp.Models.Kernels;

/// <summary>
/// What <see cref="PatchRows"/> does for a vector of channels, with vectors of sixteen. Each lane is a weight and sums in the same order as with vectors of eight, so that
/// the bits are the same.
/// </summary>
internal static unsafe class WidePatches
{
    /// <summary>Input channels of a vector.</summary>
    public const int Lanes = 16;

    /// <summary>Adds the patches that are visited, each times its gradient, to the gradient of nine weights.</summary>
    /// <param name="to">[3, 3, inputs], from the first channel of the vector on.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="from">Bordered images, from the same channel on.</param>
    /// <param name="rowLength">Floats of one of their rows.</param>
    /// <param name="gradients">The gradient of each visit.</param>
    /// <param name="patches">Where the patch of each begins.</param>
    /// <param name="count">Visits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float* to, int inputs, float* from, int rowLength, float* gradients, int* patches, int count)
    {
        float* to1 = to + 3 * inputs;
        float* to2 = to1 + 3 * inputs;
        Vector512<float> s0 = Vector512.Load(to), s1 = Vector512.Load(to + inputs), s2 = Vector512.Load(to + 2 * inputs);
        Vector512<float> s3 = Vector512.Load(to1), s4 = Vector512.Load(to1 + inputs), s5 = Vector512.Load(to1 + 2 * inputs);
        Vector512<float> s6 = Vector512.Load(to2), s7 = Vector512.Load(to2 + inputs), s8 = Vector512.Load(to2 + 2 * inputs);
        for (int i = 0; i < count; i++)
        {
            Vector512<float> gradient = Vector512.Create(gradients[i]);
            float* row = from + patches[i];
            s0 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s0);
            s1 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + inputs), s1);
            s2 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * inputs), s2);
            row += rowLength;
            s3 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s3);
            s4 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + inputs), s4);
            s5 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * inputs), s5);
            row += rowLength;
            s6 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s6);
            s7 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + inputs), s7);
            s8 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * inputs), s8);
        }

        s0.Store(to);
        s1.Store(to + inputs);
        s2.Store(to + 2 * inputs);
        s3.Store(to1);
        s4.Store(to1 + inputs);
        s5.Store(to1 + 2 * inputs);
        s6.Store(to2);
        s7.Store(to2 + inputs);
        s8.Store(to2 + 2 * inputs);
    }

    /// <summary>Adds nine weights, times the gradient of each visit, to its patch.</summary>
    /// <param name="weight">[3, 3, inputs], from the first channel of the vector on.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="to">Gradients of bordered images, from the same channel on.</param>
    /// <param name="rowLength">Floats of one of their rows.</param>
    /// <param name="gradients">The gradient of each visit.</param>
    /// <param name="patches">Where the patch of each begins.</param>
    /// <param name="count">Visits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* weight, int inputs, float* to, int rowLength, float* gradients, int* patches, int count)
    {
        float* weight1 = weight + 3 * inputs;
        float* weight2 = weight1 + 3 * inputs;
        Vector512<float> w0 = Vector512.Load(weight), w1 = Vector512.Load(weight + inputs), w2 = Vector512.Load(weight + 2 * inputs);
        Vector512<float> w3 = Vector512.Load(weight1), w4 = Vector512.Load(weight1 + inputs), w5 = Vector512.Load(weight1 + 2 * inputs);
        Vector512<float> w6 = Vector512.Load(weight2), w7 = Vector512.Load(weight2 + inputs), w8 = Vector512.Load(weight2 + 2 * inputs);
        for (int i = 0; i < count; i++)
        {
            Vector512<float> gradient = Vector512.Create(gradients[i]);
            float* row = to + patches[i];
            Avx512F.FusedMultiplyAdd(gradient, w0, Vector512.Load(row)).Store(row);
            Avx512F.FusedMultiplyAdd(gradient, w1, Vector512.Load(row + inputs)).Store(row + inputs);
            Avx512F.FusedMultiplyAdd(gradient, w2, Vector512.Load(row + 2 * inputs)).Store(row + 2 * inputs);
            row += rowLength;
            Avx512F.FusedMultiplyAdd(gradient, w3, Vector512.Load(row)).Store(row);
            Avx512F.FusedMultiplyAdd(gradient, w4, Vector512.Load(row + inputs)).Store(row + inputs);
            Avx512F.FusedMultiplyAdd(gradient, w5, Vector512.Load(row + 2 * inputs)).Store(row + 2 * inputs);
            row += rowLength;
            Avx512F.FusedMultiplyAdd(gradient, w6, Vector512.Load(row)).Store(row);
            Avx512F.FusedMultiplyAdd(gradient, w7, Vector512.Load(row + inputs)).Store(row + inputs);
            Avx512F.FusedMultiplyAdd(gradient, w8, Vector512.Load(row + 2 * inputs)).Store(row + 2 * inputs);
        }
    }
}
