using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Kernels;

/// <summary>A 3x3 convolution, 2x2 max-pooling and ReLU as one operation, which libtorch's automatic differentiation knows.</summary>
internal sealed class PooledConvolution : autograd.SingleTensorFunction<PooledConvolution>
{
    private const string Sizes = "sizes";

    /// <inheritdoc/>
    public override string Name => nameof(PooledConvolution);

    /// <summary>Whether there is a kernel for this: float32 on the CPU, channels that suit it, and where those of the input are few, no gradient of it.</summary>
    public static bool Takes(Tensor x, Tensor weight) =>
        x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && ConvolutionShape.IsSupported(weight.shape[1], weight.shape[0])
        && !(x.requires_grad && weight.shape[1] % ConvolutionShape.Lanes != 0);

    /// <summary>ReLU of the pooled convolution.</summary>
    /// <param name="x">[batch, inputs, height, width]; fastest with the channels last in memory.</param>
    /// <param name="weight">[outputs, inputs, 3, 3].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="padded">Whether the input is given a border of one zero.</param>
    /// <returns>[batch, outputs, half the height, half the width], with the channels last in memory.</returns>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, bool padded) => apply(x, weight, bias, padded);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor x = ChannelsLast((Tensor)vars[0]);
        (Tensor weight, Tensor bias) = ((Tensor)vars[1], (Tensor)vars[2]);
        ConvolutionShape shape = new((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], (int)x.shape[3], (int)weight.shape[0], (bool)vars[3]);
        Tensor result = empty([shape.Images, shape.ResultHeight, shape.ResultWidth, shape.Outputs], ScalarType.Float32);
        Tensor choice = empty(result.shape, ScalarType.Byte);
        ConvolutionForward.Run(shape, x.FloatSpan(), weight.FloatSpan(), bias.FloatSpan(), result.FloatSpan(), choice.bytes);
        ctx.save_for_backward([x, weight, choice]);
        ctx.save_data(Sizes, shape);
        return ChannelsFirst(result);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        ConvolutionShape shape = (ConvolutionShape)ctx.get_data(Sizes);
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor x, Tensor weight, Tensor choice) = (saved[0], saved[1], saved[2]);
        Tensor gradient = ChannelsLast(grad_output);
        Tensor ofWeight = empty_like(weight);
        Tensor ofBias = empty([shape.Outputs], ScalarType.Float32);
        Tensor? ofX = shape.HasFewInputs ? null : empty_like(x);
        ConvolutionBackward.Run(
            shape, x.FloatSpan(), weight.FloatSpan(), gradient.FloatSpan(), choice.bytes, ofWeight.FloatSpan(), ofBias.FloatSpan(), ofX is null ? [] : ofX.FloatSpan());
        return [ofX is null ? null! : ChannelsFirst(ofX), ofWeight, ofBias, null!];
    }

    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous();

    private static Tensor ChannelsFirst(Tensor images) => images.permute(0, 3, 1, 2);
}
