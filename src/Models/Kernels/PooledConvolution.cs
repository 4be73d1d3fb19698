using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Kernels;

/// <summary>A 3x3 convolution, 2x2 max-pooling and ReLU as one operation, made once and with what its gradients need.</summary>
/// <param name="shape">The sizes.</param>
/// <param name="x">[batch, height, width, inputs].</param>
/// <param name="weight">[outputs, inputs, 3, 3].</param>
/// <param name="choice">Which position of each pool's window was the greatest.</param>
internal sealed class PooledConvolution(ConvolutionShape shape, Tensor x, Tensor weight, Tensor choice)
{
    private readonly ConvolutionShape shape = shape;
    private readonly Tensor x = x;
    private readonly Tensor weight = weight;
    private readonly Tensor choice = choice;

    /// <summary>Whether there is a kernel for this: float32 on the CPU, channels that suit it, and where those of the input are few, no gradient of it.</summary>
    public static bool Takes(Tensor x, Tensor weight) =>
        x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && ConvolutionShape.IsSupported(weight.size(1), weight.size(0))
        && !(x.requires_grad && weight.size(1) % ConvolutionShape.Lanes != 0);

    /// <summary>ReLU of the pooled convolution, as an operation that libtorch's automatic differentiation knows.</summary>
    /// <param name="x">[batch, inputs, height, width]; fastest with the channels last in memory.</param>
    /// <param name="weight">[outputs, inputs, 3, 3].</param>
    /// <param name="bias">[outputs].</param>
    /// <param name="padded">Whether the input is given a border of one zero.</param>
    /// <returns>[batch, outputs, half the height, half the width], with the channels last in memory.</returns>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, bool padded) => Function.apply(x, weight, bias, padded);

    /// <summary>The same, unknown to automatic differentiation: the caller asks for the gradients.</summary>
    public static (PooledConvolution Made, Tensor Result) Forward(Tensor x, Tensor weight, Tensor bias, bool padded)
    {
        using IDisposable guard = no_grad();
        Tensor last = ChannelsLast(x);
        ConvolutionShape shape = new((int)last.size(0), (int)last.size(1), (int)last.size(2), (int)last.size(3), (int)weight.size(0), padded);
        Tensor result = empty([shape.Images, shape.ResultHeight, shape.ResultWidth, shape.Outputs], ScalarType.Float32);
        Tensor choice = empty(result.shape, ScalarType.Byte);
        ConvolutionForward.Run(shape, last.FloatSpan(), weight.FloatSpan(), bias.FloatSpan(), result.FloatSpan(), choice.bytes);
        return (new(shape, last, weight, choice), ChannelsFirst(result));
    }

    /// <summary>Gradients by weight, bias and input from that by the result.</summary>
    /// <param name="ofResult">Of the result's size.</param>
    /// <param name="ofX">Whether that by the input is wanted; with few input channels there is none.</param>
    public (Tensor Weight, Tensor Bias, Tensor? X) Backward(Tensor ofResult, bool ofX)
    {
        using IDisposable guard = no_grad();
        Tensor gradient = ChannelsLast(ofResult);
        Tensor ofWeight = empty_like(weight);
        Tensor ofBias = empty([shape.Outputs], ScalarType.Float32);
        Tensor? ofInput = ofX && !shape.HasFewInputs ? empty_like(x) : null;
        ConvolutionBackward.Run(
            shape, x.FloatSpan(), weight.FloatSpan(), gradient.FloatSpan(), choice.bytes, ofWeight.FloatSpan(), ofBias.FloatSpan(), ofInput is null ? [] : ofInput.FloatSpan());
        return (ofWeight, ofBias, ofInput is null ? null : ChannelsFirst(ofInput));
    }

    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous();

    private static Tensor ChannelsFirst(Tensor images) => images.permute(0, 3, 1, 2);

    /// <summary>How libtorch calls it; what it keeps between the passes is a list of tensors.</summary>
    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string Sizes = "sizes";

        public override string Name => nameof(PooledConvolution);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            (PooledConvolution made, Tensor result) = Forward((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (bool)vars[3]);
            ctx.save_for_backward([made.x, made.weight, made.choice]);
            ctx.save_data(Sizes, made.shape);
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            PooledConvolution made = new((ConvolutionShape)ctx.get_data(Sizes), saved[0], saved[1], saved[2]);
            (Tensor ofWeight, Tensor ofBias, Tensor? ofX) = made.Backward(grad_output, ofX: true);
            return [ofX!, ofWeight, ofBias, null!];
        }
    }
}
