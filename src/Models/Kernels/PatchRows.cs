using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>
/// Gradients by patches: with the channels last in memory the channels of a pixel are a row of numbers, and so are the weights that they meet. The nine taps of a
/// vector of channels are in registers at once.
/// </summary>
internal static unsafe class PatchRows
{
    /// <summary>Input channels of a vector.</summary>
    public static int LanesOf(in ConvolutionShape shape) => shape.Wide && shape.Inputs % WidePatches.Lanes == 0 ? WidePatches.Lanes : Lanes;

    /// <summary>From [outputs, inputs, 3, 3] to [inputs / lanes, outputs, 3, 3, lanes].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromWeight(in ConvolutionShape shape, ReadOnlySpan<float> weight, Span<float> rows)
    {
        int lanes = LanesOf(shape);
        int from = 0;
        for (int output = 0; output < shape.Outputs; output++)
        {
            for (int input = 0; input < shape.Inputs; input++)
            {
                int to = (input / lanes * shape.Outputs + output) * Taps * lanes + input % lanes;
                for (int tap = 0; tap < Taps; tap++)
                {
                    rows[to + tap * lanes] = weight[from++];
                }
            }
        }
    }

    /// <summary>From [outputs, 3, 3, inputs] to [outputs, inputs, 3, 3].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToWeight(in ConvolutionShape shape, ReadOnlySpan<float> rows, Span<float> weight)
    {
        int to = 0;
        for (int first = 0; first < rows.Length; first += shape.PatchLength)
        {
            for (int input = 0; input < shape.Inputs; input++)
            {
                for (int tap = 0; tap < Taps; tap++)
                {
                    weight[to++] = rows[first + tap * shape.Inputs + input];
                }
            }
        }
    }

    /// <summary>The gradient of the weights: adds, for each output channel, the patches that are visited, each times its gradient.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="visits">Lists by output channel.</param>
    /// <param name="images">Bordered images.</param>
    /// <param name="sums">[outputs, 3, 3, inputs].</param>
    public static void AddPatches(in ConvolutionShape shape, ReadOnlySpan<VisitList> visits, float* images, float* sums)
    {
        int lanes = LanesOf(shape);
        foreach (ref readonly VisitList list in visits)
        {
            for (int channel = 0; channel < shape.Inputs; channel += lanes)
            {
                Add(lanes, list, sums + list.To + channel, shape.Inputs, shape.PatchRow, images + channel, shape.Inputs, shape.RowLength);
            }
        }
    }

    /// <summary>The gradient of the input: adds, for each position, the weights of the output channels that have chosen it, each times its gradient.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="visits">Lists by position.</param>
    /// <param name="rows">[inputs / lanes, outputs, 3, 3, lanes]: what a vector of input channels meets is together, and stays in the nearest cache.</param>
    /// <param name="imageGradients">Of bordered images.</param>
    public static void AddWeights(in ConvolutionShape shape, ReadOnlySpan<VisitList> visits, float* rows, float* imageGradients)
    {
        int lanes = LanesOf(shape);
        for (int channel = 0; channel < shape.Inputs; channel += lanes)
        {
            foreach (ref readonly VisitList list in visits)
            {
                Add(lanes, list, imageGradients + list.To + channel, shape.Inputs, shape.RowLength, rows + channel * shape.Outputs * Taps, lanes, 3 * lanes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(int lanes, in VisitList list, float* to, int toPixel, int toRow, float* from, int fromPixel, int fromRow)
    {
        if (lanes == WidePatches.Lanes)
        {
            WidePatches.Sum(list, to, toPixel, toRow, from, fromPixel, fromRow);
        }
        else
        {
            Sum(list, to, toPixel, toRow, from, fromPixel, fromRow);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(in VisitList list, float* to, int toPixel, int toRow, float* from, int fromPixel, int fromRow)
    {
        float* gradients = list.Gradients;
        int* rows = list.Rows;
        int count = list.Count;
        float* to1 = to + toRow;
        float* to2 = to1 + toRow;
        Vector256<float> s0 = Vector256.Load(to), s1 = Vector256.Load(to + toPixel), s2 = Vector256.Load(to + 2 * toPixel);
        Vector256<float> s3 = Vector256.Load(to1), s4 = Vector256.Load(to1 + toPixel), s5 = Vector256.Load(to1 + 2 * toPixel);
        Vector256<float> s6 = Vector256.Load(to2), s7 = Vector256.Load(to2 + toPixel), s8 = Vector256.Load(to2 + 2 * toPixel);
        for (int i = 0; i < count; i++)
        {
            Vector256<float> gradient = Vector256.Create(gradients[i]);
            float* row = from + rows[i];
            s0 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s0);
            s1 = Fma.MultiplyAdd(gradient, Vector256.Load(row + fromPixel), s1);
            s2 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * fromPixel), s2);
            row += fromRow;
            s3 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s3);
            s4 = Fma.MultiplyAdd(gradient, Vector256.Load(row + fromPixel), s4);
            s5 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * fromPixel), s5);
            row += fromRow;
            s6 = Fma.MultiplyAdd(gradient, Vector256.Load(row), s6);
            s7 = Fma.MultiplyAdd(gradient, Vector256.Load(row + fromPixel), s7);
            s8 = Fma.MultiplyAdd(gradient, Vector256.Load(row + 2 * fromPixel), s8);
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
