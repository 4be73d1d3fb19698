using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static NoProp.Models.Kernels.ConvolutionShape;

namespace NoProp.Models.Kernels;

/// <summary>The gradients that ReLU lets pass.</summary>
internal static unsafe class PassedGradients
{
    /// <summary>Those of a vector of output channels.</summary>
    /// <param name="gradient">Of the result.</param>
    /// <param name="chosen">The choices there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> At(float* gradient, Vector256<int> chosen) =>
        Vector256.AndNot(Vector256.Load(gradient), Vector256.Equals(chosen, Vector256.Create((int)ConvolutionForward.None)).AsSingle());

    /// <summary>Their sums, which are the gradient of the biases.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="gradient">[images, result height, result width, outputs].</param>
    /// <param name="choice">Of the same size.</param>
    /// <param name="sums">Is written, [outputs].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(in ConvolutionShape shape, float* gradient, byte* choice, float* sums)
    {
        int outputs = shape.Outputs;
        int length = shape.Images * shape.ResultLength;
        for (int output = 0; output < outputs; output += Lanes)
        {
            Vector256<float> sum = Vector256<float>.Zero;
            for (int i = output; i < length; i += outputs)
            {
                sum += At(gradient + i, Avx2.ConvertToVector256Int32(choice + i));
            }

            sum.Store(sums + output);
        }
    }
}
