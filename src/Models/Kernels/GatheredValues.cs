using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>
/// Gradients of weights for images of few channels, a group at a time. For each input channel, result and tap the values are gathered that the weight meets at the
/// four positions of the window; each output channel then takes the one at the position that it has chosen.
/// </summary>
internal readonly unsafe ref struct GatheredValues : IDisposable
{
    private readonly ConvolutionShape shape;
    private readonly Scratch<float> values;

    /// <summary>Room for a group.</summary>
    public GatheredValues(in ConvolutionShape shape)
    {
        this.shape = shape;
        values = new(ChannelLength * shape.Inputs);
    }

    private int ChannelLength => shape.Group * shape.Results * Taps * Positions;

    /// <summary>Gathers them from bordered images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Gather(float* bordered, int images)
    {
        for (int input = 0; input < shape.Inputs; input++)
        {
            float* to = values.Pointer + input * ChannelLength;
            for (int image = 0; image < images; image++)
            {
                for (int y = 0; y < shape.ResultHeight; y++)
                {
                    float* window = bordered + image * shape.BorderedLength + 2 * y * shape.RowLength + input;
                    for (int x = 0; x < shape.ResultWidth; x++)
                    {
                        Gather(window, to);
                        window += 2 * shape.Inputs;
                        to += Taps * Positions;
                    }
                }
            }
        }
    }

    /// <summary>Adds the images' part to the gradient of the weights.</summary>
    /// <param name="gradient">[images, result height, result width, outputs].</param>
    /// <param name="choice">Of the same size.</param>
    /// <param name="images">Images, at most those of a group.</param>
    /// <param name="sums">[inputs, taps, outputs].</param>
    public void AddGradient(float* gradient, byte* choice, int images, float* sums)
    {
        for (int output = 0; output < shape.Outputs; output += Lanes)
        {
            for (int input = 0; input < shape.Inputs; input++)
            {
                AddWeights(values.Pointer + input * ChannelLength, gradient + output, choice + output, images * shape.Results, shape.Outputs, sums + input * Taps * shape.Outputs + output);
            }
        }
    }

    /// <summary>[inputs, taps, outputs] to [outputs, inputs, 3, 3].</summary>
    public static void ToWeight(in ConvolutionShape shape, ReadOnlySpan<float> sums, Span<float> weight)
    {
        for (int i = 0; i < weight.Length; i++)
        {
            weight[i] = sums[i % shape.PatchLength * shape.Outputs + i / shape.PatchLength];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => values.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gather(float* window, float* to)
    {
        (int next, int afterNext, int last) = (shape.Inputs, 2 * shape.Inputs, 3 * shape.Inputs);
        for (int y = 0; y < 3; y++)
        {
            float* below = window + shape.RowLength;
            Vector128.Create(window[0], window[next], below[0], below[next]).Store(to);
            Vector128.Create(window[next], window[afterNext], below[next], below[afterNext]).Store(to + Positions);
            Vector128.Create(window[afterNext], window[last], below[afterNext], below[last]).Store(to + 2 * Positions);
            window = below;
            to += 3 * Positions;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeights(float* values, float* gradient, byte* choice, int results, int outputs, float* sums)
    {
        Vector256<float> s0 = Vector256.Load(sums), s1 = Vector256.Load(sums + outputs), s2 = Vector256.Load(sums + 2 * outputs);
        Vector256<float> s3 = Vector256.Load(sums + 3 * outputs), s4 = Vector256.Load(sums + 4 * outputs), s5 = Vector256.Load(sums + 5 * outputs);
        Vector256<float> s6 = Vector256.Load(sums + 6 * outputs), s7 = Vector256.Load(sums + 7 * outputs), s8 = Vector256.Load(sums + 8 * outputs);
        for (int i = 0; i < results; i++)
        {
            Vector256<int> chosen = Avx2.ConvertToVector256Int32(choice);
            Vector256<float> passed = PassedGradients.At(gradient, chosen);
            s0 = Fma.MultiplyAdd(passed, Chosen(values, chosen), s0);
            s1 = Fma.MultiplyAdd(passed, Chosen(values + Positions, chosen), s1);
            s2 = Fma.MultiplyAdd(passed, Chosen(values + 2 * Positions, chosen), s2);
            s3 = Fma.MultiplyAdd(passed, Chosen(values + 3 * Positions, chosen), s3);
            s4 = Fma.MultiplyAdd(passed, Chosen(values + 4 * Positions, chosen), s4);
            s5 = Fma.MultiplyAdd(passed, Chosen(values + 5 * Positions, chosen), s5);
            s6 = Fma.MultiplyAdd(passed, Chosen(values + 6 * Positions, chosen), s6);
            s7 = Fma.MultiplyAdd(passed, Chosen(values + 7 * Positions, chosen), s7);
            s8 = Fma.MultiplyAdd(passed, Chosen(values + 8 * Positions, chosen), s8);
            values += Taps * Positions;
            gradient += outputs;
            choice += outputs;
        }

        s0.Store(sums);
        s1.Store(sums + outputs);
        s2.Store(sums + 2 * outputs);
        s3.Store(sums + 3 * outputs);
        s4.Store(sums + 4 * outputs);
        s5.Store(sums + 5 * outputs);
        s6.Store(sums + 6 * outputs);
        s7.Store(sums + 7 * outputs);
        s8.Store(sums + 8 * outputs);
    }

    // The instruction reads the two lowest bits of each choice, so that None is as good as any.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Chosen(float* positions, Vector256<int> chosen) => Avx.PermuteVar(Avx.BroadcastVector128ToVector256(positions), chosen);
}
