using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>
/// Gradients by patches: with the channels last in memory the channels of a pixel are a row of numbers, and so are the weights that they meet, in the
/// order [outputs, 3, 3, inputs]. The nine taps of a vector of channels are in registers at once.
/// </summary>
internal static unsafe class PatchRows
{
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
    public static void AddPatches(in ConvolutionShape shape, in Visits visits, float* images, float* sums)
    {
        if (IsWide(shape))
        {
            ForEach(shape, visits, sums, images, WidePatches.Lanes, &WidePatches.Sum);
        }
        else
        {
            ForEach(shape, visits, sums, images, Lanes, &Sum);
        }
    }

    /// <summary>The gradient of the input: adds, for each output channel, its weights times each gradient to the patch that is visited.</summary>
    public static void AddWeights(in ConvolutionShape shape, in Visits visits, float* rows, float* imageGradients)
    {
        if (IsWide(shape))
        {
            ForEach(shape, visits, rows, imageGradients, WidePatches.Lanes, &WidePatches.Spread);
        }
        else
        {
            ForEach(shape, visits, rows, imageGradients, Lanes, &Spread);
        }
    }

    private static bool IsWide(in ConvolutionShape shape) => shape.Wide && shape.Inputs % WidePatches.Lanes == 0;

    /// <summary>Takes the nine weights of each output channel and of a vector of input channels with the patches that they meet.</summary>
    private static void ForEach(
        in ConvolutionShape shape,
        in Visits visits,
        float* weights,
        float* images,
        int lanes,
        delegate*<float*, int, float*, int, float*, int*, int, void> visit)
    {
        for (int output = 0; output < shape.Outputs; output++)
        {
            for (int channel = 0; channel < shape.Inputs; channel += lanes)
            {
                float* weight = weights + output * shape.PatchLength + channel;
                visit(weight, shape.Inputs, images + channel, shape.RowLength, visits.Gradients(output), visits.Patches(output), visits.Count(output));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* to, int inputs, float* from, int rowLength, float* gradients, int* patches, int count)
    {
        float* to1 = to + 3 * inputs;
        float* to2 = to1 + 3 * inputs;
        Vector256<float> s0 = Vector256.Load(to), s1 = Vector256.Load(to + inputs), s2 = Vector256.Load(to + 2 * inputs);
        Vector256<float> s3 = Vector256.Load(to1), s4 = Vector256.Load(to1 + inputs), s5 = Vector256.Load(to1 + 2 * inputs);
        Vector256<float> s6 = Vector256.Load(to2), s7 = Vector256.Load(to2 + inputs), s8 = Vector256.Load(to2 + 2 * inputs);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* row = from + patches[i];
            s0 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s0);
            s1 = Fma.MultiplyAdd(gradient, Vector256.Load(row + inputs), s1);
            s2 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * inputs), s2);
            row += rowLength;
            s3 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s3);
            s4 = Fma.MultiplyAdd(gradient, Vector256.Load(row + inputs), s4);
            s5 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * inputs), s5);
            row += rowLength;
            s6 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s6);
            s7 = Fma.MultiplyAdd(gradient, Vector256.Load(row + inputs), s7);
            s8 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * inputs), s8);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread(float* weight, int inputs, float* to, int rowLength, float* gradients, int* patches, int count)
    {
        float* weight1 = weight + 3 * inputs;
        float* weight2 = weight1 + 3 * inputs;
        Vector256<float> w0 = Vector256.Load(weight), w1 = Vector256.Load(weight + inputs), w2 = Vector256.Load(weight + 2 * inputs);
        Vector256<float> w3 = Vector256.Load(weight1), w4 = Vector256.Load(weight1 + inputs), w5 = Vector256.Load(weight1 + 2 * inputs);
        Vector256<float> w6 = Vector256.Load(weight2), w7 = Vector256.Load(weight2 + inputs), w8 = Vector256.Load(weight2 + 2 * inputs);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* row = to + patches[i];
            Fma.MultiplyAdd(gradient, w0, Vector256.Load(row)).Store(row);
            Fma.MultiplyAdd(gradient, w1, Vector256.Load(row + inputs)).Store(row + inputs);
            Fma.MultiplyAdd(gradient, w2, Vector256.Load(row + 2 * inputs)).Store(row + 2 * inputs);
            row += rowLength;
            Fma.MultiplyAdd(gradient, w3, Vector256.Load(row)).Store(row);
            Fma.MultiplyAdd(gradient, w4, Vector256.Load(row + inputs)).Store(row + inputs);
            Fma.MultiplyAdd(gradient, w5, Vector256.Load(row + 2 * inputs)).Store(row + 2 * inputs);
            row += rowLength;
            Fma.MultiplyAdd(gradient, w6, Vector256.Load(row)).Store(row);
            Fma.MultiplyAdd(gradient, w7, Vector256.Load(row + inputs)).Store(row + inputs);
            Fma.MultiplyAdd(gradient, w8, Vector256.Load(row + 2 * inputs)).Store(row + 2 * inputs);
        }
    }
}
