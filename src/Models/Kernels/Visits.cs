using System.Runtime.CompilerServices;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>The positions of a group of images that have a gradient: for each output channel a list of gradients and of patches.</summary>
internal readonly unsafe ref struct Visits : IDisposable
{
    private readonly ConvolutionShape shape;
    private readonly Scratch<float> gradients;
    private readonly Scratch<int> patches;
    private readonly Scratch<int> counts;
    private readonly Scratch<int> windows;

    /// <summary>Room for a group.</summary>
    public Visits(in ConvolutionShape shape)
    {
        this.shape = shape;
        gradients = new(shape.ResultLength * shape.Group);
        patches = new(shape.ResultLength * shape.Group);
        counts = new(shape.Outputs);
        windows = new(Length);
        for (int i = 0; i < Length; i++)
        {
            windows.Pointer[i] = i / shape.Results * shape.BorderedLength + shape.WindowOf(i % shape.Results);
        }
    }

    private int Length => shape.Results * shape.Group;

    /// <summary>How many there are for an output channel.</summary>
    public int Count(int output) => counts.Pointer[output];

    /// <summary>The gradient of each.</summary>
    public float* Gradients(int output) => gradients.Pointer + output * Length;

    /// <summary>Where the patch of each begins in the bordered images.</summary>
    public int* Patches(int output) => patches.Pointer + output * Length;

    /// <summary>Collects those of a group, and adds their gradients to the biases'.</summary>
    /// <param name="gradient">[images, result height, result width, outputs].</param>
    /// <param name="choice">Of the same size.</param>
    /// <param name="images">Images, at most those of a group.</param>
    /// <param name="biasGradient">[outputs].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Collect(float* gradient, byte* choice, int images, float* biasGradient)
    {
        int* positions = stackalloc int[Positions];
        for (int position = 0; position < Positions; position++)
        {
            positions[position] = shape.PatchOf(position);
        }

        for (int output = 0; output < shape.Outputs; output++)
        {
            float* toGradients = Gradients(output);
            int* toPatches = Patches(output);
            int* window = windows.Pointer;
            int count = 0;
            float sum = 0;
            for (int i = output; i < images * shape.ResultLength; i += shape.Outputs)
            {
                int chosen = choice[i];
                float value = chosen == ConvolutionForward.None ? 0 : gradient[i];
                // Written in any case, and overwritten by the next where it is zero: cheaper than a branch that nobody can foresee.
                toGradients[count] = value;
                toPatches[count] = *window++ + positions[chosen % Positions];
                sum += value;
                count += value != 0 ? 1 : 0;
            }

            counts.Pointer[output] = count;
            biasGradient[output] += sum;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gradients.Dispose();
        patches.Dispose();
        counts.Dispose();
        windows.Dispose();
    }
}
