using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>
/// Gradients by rows of patches: with the channels last in memory, three neighbouring pixels are one row of numbers, and so are the weights that
/// they meet, in the order [outputs, 3, 3, inputs].
/// </summary>
internal static unsafe class PatchRows
{
    // Vectors of a row that are in registers at once. A row has a multiple of three: three pixels of whole vectors.
    private const int Wide = 12;
    private const int Narrow = 3;

    /// <summary>From [outputs, inputs, 3, 3].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromWeight(in ConvolutionShape shape, ReadOnlySpan<float> weight, Span<float> rows)
    {
        for (int first = 0; first < rows.Length; first += shape.PatchLength)
        {
            for (int i = 0; i < shape.PatchLength; i++)
            {
                rows[first + i % Taps * shape.Inputs + i / Taps] = weight[first + i];
            }
        }
    }

    /// <summary>To [outputs, inputs, 3, 3].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToWeight(in ConvolutionShape shape, ReadOnlySpan<float> rows, Span<float> weight)
    {
        for (int first = 0; first < rows.Length; first += shape.PatchLength)
        {
            for (int i = 0; i < shape.PatchLength; i++)
            {
                weight[first + i] = rows[first + i % Taps * shape.Inputs + i / Taps];
            }
        }
    }

    /// <summary>The gradient of the weights: adds, for each output channel, the patches that are visited, each times its gradient.</summary>
    public static void AddPatches(in ConvolutionShape shape, in Visits visits, float* image, float* sums) =>
        ForEach(shape, visits, sums, image, &SumWide, &SumNarrow);

    /// <summary>The gradient of the input: adds, for each output channel, its weights times each gradient to the patch that is visited.</summary>
    public static void AddWeights(in ConvolutionShape shape, in Visits visits, float* rows, float* imageGradient) =>
        ForEach(shape, visits, rows, imageGradient, &SpreadWide, &SpreadNarrow);

    /// <summary>Takes each row of weights with the rows of the images that it meets, in pieces that fit into registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForEach(
        in ConvolutionShape shape,
        in Visits visits,
        float* weights,
        float* images,
        delegate*<float*, float*, float*, int*, int, void> wide,
        delegate*<float*, float*, float*, int*, int, void> narrow)
    {
        for (int output = 0; output < shape.Outputs; output++)
        {
            float* gradients = visits.Gradients(output);
            int* patches = visits.Patches(output);
            int count = visits.Count(output);
            for (int row = 0; row < 3; row++)
            {
                float* weight = weights + output * shape.PatchLength + row * shape.PatchRow;
                float* image = images + row * shape.RowLength;
                int i = 0;
                for (; i <= shape.PatchRow - Wide * Lanes; i += Wide * Lanes)
                {
                    wide(weight + i, image + i, gradients, patches, count);
                }

                for (; i < shape.PatchRow; i += Narrow * Lanes)
                {
                    narrow(weight + i, image + i, gradients, patches, count);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumWide(float* to, float* from, float* gradients, int* patches, int count)
    {
        Vector256<float> s0 = Vector256.Load(to), s1 = Vector256.Load(to + Lanes), s2 = Vector256.Load(to + 2 * Lanes), s3 = Vector256.Load(to + 3 * Lanes);
        Vector256<float> s4 = Vector256.Load(to + 4 * Lanes), s5 = Vector256.Load(to + 5 * Lanes), s6 = Vector256.Load(to + 6 * Lanes), s7 = Vector256.Load(to + 7 * Lanes);
        Vector256<float> s8 = Vector256.Load(to + 8 * Lanes), s9 = Vector256.Load(to + 9 * Lanes), s10 = Vector256.Load(to + 10 * Lanes), s11 = Vector256.Load(to + 11 * Lanes);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* patch = from + patches[i];
            s0 = Fma.MultiplyAdd(gradient, Vector256.Load(patch), s0);
            s1 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + Lanes), s1);
            s2 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 2 * Lanes), s2);
            s3 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 3 * Lanes), s3);
            s4 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 4 * Lanes), s4);
            s5 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 5 * Lanes), s5);
            s6 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 6 * Lanes), s6);
            s7 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 7 * Lanes), s7);
            s8 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 8 * Lanes), s8);
            s9 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 9 * Lanes), s9);
            s10 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 10 * Lanes), s10);
            s11 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 11 * Lanes), s11);
        }

        s0.Store(to);
        s1.Store(to + Lanes);
        s2.Store(to + 2 * Lanes);
        s3.Store(to + 3 * Lanes);
        s4.Store(to + 4 * Lanes);
        s5.Store(to + 5 * Lanes);
        s6.Store(to + 6 * Lanes);
        s7.Store(to + 7 * Lanes);
        s8.Store(to + 8 * Lanes);
        s9.Store(to + 9 * Lanes);
        s10.Store(to + 10 * Lanes);
        s11.Store(to + 11 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumNarrow(float* to, float* from, float* gradients, int* patches, int count)
    {
        Vector256<float> s0 = Vector256.Load(to), s1 = Vector256.Load(to + Lanes), s2 = Vector256.Load(to + 2 * Lanes);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* patch = from + patches[i];
            s0 = Fma.MultiplyAdd(gradient, Vector256.Load(patch), s0);
            s1 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + Lanes), s1);
            s2 = Fma.MultiplyAdd(gradient, Vector256.Load(patch + 2 * Lanes), s2);
        }

        s0.Store(to);
        s1.Store(to + Lanes);
        s2.Store(to + 2 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SpreadWide(float* weight, float* to, float* gradients, int* patches, int count)
    {
        Vector256<float> w0 = Vector256.Load(weight), w1 = Vector256.Load(weight + Lanes), w2 = Vector256.Load(weight + 2 * Lanes), w3 = Vector256.Load(weight + 3 * Lanes);
        Vector256<float> w4 = Vector256.Load(weight + 4 * Lanes), w5 = Vector256.Load(weight + 5 * Lanes), w6 = Vector256.Load(weight + 6 * Lanes), w7 = Vector256.Load(weight + 7 * Lanes);
        Vector256<float> w8 = Vector256.Load(weight + 8 * Lanes), w9 = Vector256.Load(weight + 9 * Lanes), w10 = Vector256.Load(weight + 10 * Lanes), w11 = Vector256.Load(weight + 11 * Lanes);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* patch = to + patches[i];
            Fma.MultiplyAdd(gradient, w0, Vector256.Load(patch)).Store(patch);
            Fma.MultiplyAdd(gradient, w1, Vector256.Load(patch + Lanes)).Store(patch + Lanes);
            Fma.MultiplyAdd(gradient, w2, Vector256.Load(patch + 2 * Lanes)).Store(patch + 2 * Lanes);
            Fma.MultiplyAdd(gradient, w3, Vector256.Load(patch + 3 * Lanes)).Store(patch + 3 * Lanes);
            Fma.MultiplyAdd(gradient, w4, Vector256.Load(patch + 4 * Lanes)).Store(patch + 4 * Lanes);
            Fma.MultiplyAdd(gradient, w5, Vector256.Load(patch + 5 * Lanes)).Store(patch + 5 * Lanes);
            Fma.MultiplyAdd(gradient, w6, Vector256.Load(patch + 6 * Lanes)).Store(patch + 6 * Lanes);
            Fma.MultiplyAdd(gradient, w7, Vector256.Load(patch + 7 * Lanes)).Store(patch + 7 * Lanes);
            Fma.MultiplyAdd(gradient, w8, Vector256.Load(patch + 8 * Lanes)).Store(patch + 8 * Lanes);
            Fma.MultiplyAdd(gradient, w9, Vector256.Load(patch + 9 * Lanes)).Store(patch + 9 * Lanes);
            Fma.MultiplyAdd(gradient, w10, Vector256.Load(patch + 10 * Lanes)).Store(patch + 10 * Lanes);
            Fma.MultiplyAdd(gradient, w11, Vector256.Load(patch + 11 * Lanes)).Store(patch + 11 * Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SpreadNarrow(float* weight, float* to, float* gradients, int* patches, int count)
    {
        Vector256<float> w0 = Vector256.Load(weight), w1 = Vector256.Load(weight + Lanes), w2 = Vector256.Load(weight + 2 * Lanes);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* patch = to + patches[i];
            Fma.MultiplyAdd(gradient, w0, Vector256.Load(patch)).Store(patch);
            Fma.MultiplyAdd(gradient, w1, Vector256.Load(patch + Lanes)).Store(patch + Lanes);
            Fma.MultiplyAdd(gradient, w2, Vector256.Load(patch + 2 * Lanes)).Store(patch + 2 * Lanes);
        }
    }
}
