namespace NoProp.Models.Kernels;

/// <summary>
/// The gradient of <see cref="ConvolutionForward"/>. Of the four positions of a window only the chosen one has a gradient, and where ReLU is
/// zero none: only those are visited, which is a quarter of the arithmetic of a dense gradient at most.
/// </summary>
internal static unsafe class ConvolutionBackward
{
    /// <summary>Computes the gradients of a batch.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="x">The input, [images, height, width, inputs].</param>
    /// <param name="weight">[outputs, inputs, 3, 3].</param>
    /// <param name="gradient">Of the result, [images, result height, result width, outputs].</param>
    /// <param name="choice">As the forward pass has written it.</param>
    /// <param name="weightGradient">Is written, [outputs, inputs, 3, 3].</param>
    /// <param name="biasGradient">Is written, [outputs].</param>
    /// <param name="xGradient">Is written, of the input's size; empty where it is not wanted. With few inputs it is not written.</param>
    public static void Run(
        in ConvolutionShape shape,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> gradient,
        ReadOnlySpan<byte> choice,
        Span<float> weightGradient,
        Span<float> biasGradient,
        Span<float> xGradient)
    {
        using Scratch<float> sums = new(shape.Outputs * shape.PatchLength);
        using Scratch<float> images = new(shape.BorderedLength * shape.Group);
        sums.Span.Clear();
        images.Span.Clear();
        fixed (float* gradients = gradient, biases = biasGradient)
        fixed (byte* choices = choice)
        {
            PassedGradients.Sum(shape, gradients, choices, biases);
            if (shape.HasFewInputs)
            {
                FewInputs(shape, x, gradients, choices, images, sums);
                GatheredValues.ToWeight(shape, sums.Span, weightGradient);
            }
            else
            {
                ManyInputs(shape, x, weight, gradients, choices, images, sums, xGradient);
                PatchRows.ToWeight(shape, sums.Span, weightGradient);
            }
        }
    }

    private static void FewInputs(
        in ConvolutionShape shape, ReadOnlySpan<float> x, float* gradients, byte* choices, in Scratch<float> images, in Scratch<float> sums)
    {
        using GatheredValues values = new(shape);
        for (int first = 0; first < shape.Images; first += shape.Group)
        {
            int count = Math.Min(shape.Group, shape.Images - first);
            Fill(shape, x, first, count, images);
            values.Gather(images.Pointer, count);
            values.AddGradient(gradients + first * shape.ResultLength, choices + first * shape.ResultLength, count, sums.Pointer);
        }
    }

    private static void ManyInputs(
        in ConvolutionShape shape,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        float* gradients,
        byte* choices,
        in Scratch<float> images,
        in Scratch<float> sums,
        Span<float> xGradient)
    {
        using Scratch<float> rows = new(shape.Outputs * shape.PatchLength);
        using Scratch<float> imageGradients = new(shape.BorderedLength * shape.Group);
        using Visits visits = new(shape);
        PatchRows.FromWeight(shape, weight, rows.Span);
        for (int first = 0; first < shape.Images; first += shape.Group)
        {
            int count = Math.Min(shape.Group, shape.Images - first);
            Fill(shape, x, first, count, images);
            float* gradient = gradients + first * shape.ResultLength;
            byte* choice = choices + first * shape.ResultLength;
            PatchRows.AddPatches(shape, visits.ByOutput(gradient, choice, count), images.Pointer, sums.Pointer);
            if (!xGradient.IsEmpty)
            {
                imageGradients.Span.Clear();
                PatchRows.AddWeights(shape, visits.ByPosition(gradient, choice, count), rows.Pointer, imageGradients.Pointer);
                for (int i = 0; i < count; i++)
                {
                    Borders.Remove(shape, imageGradients.Span[(i * shape.BorderedLength)..], xGradient.Slice((first + i) * shape.ImageLength, shape.ImageLength));
                }
            }
        }
    }

    private static void Fill(in ConvolutionShape shape, ReadOnlySpan<float> x, int first, int count, in Scratch<float> images)
    {
        for (int i = 0; i < count; i++)
        {
            Borders.Fill(shape, x.Slice((first + i) * shape.ImageLength, shape.ImageLength), images.Span[(i * shape.BorderedLength)..]);
        }
    }
}
