using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>
/// The positions of a group of images that have a gradient, in lists. A list has a place that a sum belongs to, and of each visit the gradient and the place of the
/// row that is added with it: by output channel these are the channel's weights and the patches of the images, and by position the position's patch and the weights
/// of the output channels that have chosen it.
/// </summary>
internal readonly unsafe ref struct Visits : IDisposable
{
    private const int Bins = 2 * Positions;

    private readonly ConvolutionShape shape;
    private readonly Scratch<float> gradients;
    private readonly Scratch<int> rows;
    private readonly Scratch<VisitList> lists;
    private readonly Scratch<int> windows;
    private readonly Scratch<int> patches;
    private readonly Scratch<int> ends;

    /// <summary>Room for a group.</summary>
    public Visits(in ConvolutionShape shape)
    {
        this.shape = shape;
        gradients = new(shape.ResultLength * shape.Group);
        rows = new(shape.ResultLength * shape.Group);
        lists = new(Math.Max(shape.Outputs, Windows * Positions));
        ends = new(shape.Outputs);
        patches = new(Positions);
        for (int position = 0; position < Positions; position++)
        {
            patches.Pointer[position] = shape.PatchOf(position);
        }

        windows = new(Windows);
        for (int i = 0; i < Windows; i++)
        {
            windows.Pointer[i] = i / shape.Results * shape.BorderedLength + shape.WindowOf(i % shape.Results);
        }
    }

    private int Windows => shape.Results * shape.Group;

    /// <summary>Collects those of a group by output channel.</summary>
    /// <param name="gradient">[images, result height, result width, outputs].</param>
    /// <param name="choice">Of the same size.</param>
    /// <param name="images">Images, at most those of a group.</param>
    /// <returns>A list of each output channel, good until the next call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<VisitList> ByOutput(float* gradient, byte* choice, int images)
    {
        // Locals, for what stands in a field is read again after each of the stores below.
        float* values = gradients.Pointer;
        int* places = rows.Pointer;
        int* patchPlaces = patches.Pointer;
        int* next = ends.Pointer;
        int outputs = shape.Outputs;
        for (int output = 0; output < outputs; output++)
        {
            next[output] = output * Windows;
        }

        for (int window = 0; window < images * shape.Results; window++)
        {
            int place = windows.Pointer[window];
            for (int output = 0; output < outputs; output++)
            {
                int chosen = choice[output];
                // No branch, which nobody could foresee: zero bits for None, and what is written in any case is overwritten by the next where it is zero.
                int bits = BitConverter.SingleToInt32Bits(gradient[output]) & (chosen - ConvolutionForward.None) >> 31;
                int to = next[output];
                values[to] = BitConverter.Int32BitsToSingle(bits);
                places[to] = place + patchPlaces[chosen % Positions];
                next[output] = to + (bits << 1 != 0 ? 1 : 0);
            }

            gradient += outputs;
            choice += outputs;
        }

        for (int output = 0; output < outputs; output++)
        {
            int begin = output * Windows;
            lists.Pointer[output] = new(output * shape.PatchLength, values + begin, places + begin, next[output] - begin);
        }

        return lists.Span[..outputs];
    }

    /// <summary>Collects those of a group by position.</summary>
    /// <param name="gradient">[images, result height, result width, outputs].</param>
    /// <param name="choice">Of the same size.</param>
    /// <param name="images">Images, at most those of a group.</param>
    /// <returns>A list of each position of each window, good until the next call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<VisitList> ByPosition(float* gradient, byte* choice, int images)
    {
        float* values = gradients.Pointer;
        int* places = rows.Pointer;
        (int outputs, int rowLength) = (shape.Outputs, Taps * PatchRows.LanesOf(shape));
        // A choice is a position or None, whose lowest bits are those of the last bin.
        int* next = stackalloc int[Bins];
        for (int window = 0; window < images * shape.Results; window++)
        {
            int begin = window * outputs;
            for (int position = 0; position < Positions; position++)
            {
                int count = Count(choice, outputs, position);
                lists.Pointer[window * Positions + position] = new(windows.Pointer[window] + patches.Pointer[position], values + begin, places + begin, count);
                next[position] = begin;
                begin += count;
            }

            next[Bins - 1] = begin;
            for (int output = 0; output < outputs; output++)
            {
                int to = next[choice[output] % Bins]++;
                values[to] = gradient[output];
                places[to] = output * rowLength;
            }

            gradient += outputs;
            choice += outputs;
        }

        return lists.Span[..(images * shape.Results * Positions)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gradients.Dispose();
        rows.Dispose();
        lists.Dispose();
        windows.Dispose();
        patches.Dispose();
        ends.Dispose();
    }

    /// <summary>How many of a window's output channels have chosen a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count(byte* choice, int outputs, int position)
    {
        Vector128<byte> wanted = Vector128.Create((byte)position);
        int count = 0;
        for (int output = 0; output < outputs; output += Vector128<byte>.Count)
        {
            count += BitOperations.PopCount(Vector128.Equals(Vector128.Load(choice + output), wanted).ExtractMostSignificantBits());
        }

        return count;
    }
}
