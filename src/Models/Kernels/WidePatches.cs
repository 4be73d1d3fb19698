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

    /// <summary>Adds the rows of a list, each times its gradient, to a sum of three rows of three pixels.</summary>
    /// <param name="list">The rows.</param>
    /// <param name="to">The sum, from the first channel of the vector on.</param>
    /// <param name="toPixel">Floats from one of its pixels to the next.</param>
    /// <param name="toRow">Floats from one of its rows to the next.</param>
    /// <param name="from">What the list's places count from, from the same channel on.</param>
    /// <param name="fromPixel">Floats from one pixel to the next there.</param>
    /// <param name="fromRow">Floats from one row to the next there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(in VisitList list, float* to, int toPixel, int toRow, float* from, int fromPixel, int fromRow)
    {
        float* gradients = list.Gradients;
        int* rows = list.Rows;
        int count = list.Count;
        float* to1 = to + toRow;
        float* to2 = to1 + toRow;
        Vector512<float> s0 = Vector512.Load(to), s1 = Vector512.Load(to + toPixel), s2 = Vector512.Load(to + 2 * toPixel);
        Vector512<float> s3 = Vector512.Load(to1), s4 = Vector512.Load(to1 + toPixel), s5 = Vector512.Load(to1 + 2 * toPixel);
        Vector512<float> s6 = Vector512.Load(to2), s7 = Vector512.Load(to2 + toPixel), s8 = Vector512.Load(to2 + 2 * toPixel);
        for (int i = 0; i < count; i++)
        {
            Vector512<float> gradient = Vector512.Create(gradients[i]);
            float* row = from + rows[i];
            s0 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s0);
            s1 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + fromPixel), s1);
            s2 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * fromPixel), s2);
            row += fromRow;
            s3 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s3);
            s4 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + fromPixel), s4);
            s5 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * fromPixel), s5);
            row += fromRow;
            s6 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row), s6);
            s7 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + fromPixel), s7);
            s8 = Avx512F.FusedMultiplyAdd(gradient, Vector512.Load(row + 2 * fromPixel), s8);
        }

        s0.Store(to);
        s1.Store(to + toPixel);
        s2.Store(to + 2 * toPixel);
        s3.Store(to1);
        s4.Store(to1 + toPixel);
        s5.Store(to1 + 2 * toPixel);
        s6.Store(to2);
        s7.Store(to2 + toPixel);
        s8.Store(to2 + 2 * toPixel);
    }
}
