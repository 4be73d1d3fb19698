using NoProp.Models.Kernels;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using Convolution = NoProp.Models.Networks.Convolution;
using Linear = NoProp.Models.Networks.Linear;

namespace NoProp.Models.Tests.Precisions;

/// <summary>Layers whose products are made in bfloat16.</summary>
public sealed class LayerPrecisionTests : IDisposable
{
    // bfloat16 has 8 bits, the first one included: a product is off by 1/256 of itself at most.
    private const double Rounding = 1.0 / 256;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly ParameterSet parameters = new(Precision.Bf16);

    public void Dispose()
    {
        parameters.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void A_linear_layer_multiplies_what_is_rounded_and_gives_float32()
    {
        Linear layer = new(parameters, "fc", 3, 2);
        parameters.Build(TestData.Key());
        Tensor x = Noise.Normal(TestData.Key(1), [4, 3]);

        Tensor y = layer.Forward(x);

        Assert.Equal(ScalarType.Float32, y.dtype);
        Tensor exact = Rounded(x).mm(Rounded(parameters.Weights[0].Value).t()).Plus(Rounded(parameters.Weights[1].Value));
        Near(exact.Values(), y.Values());
    }

    [Theory]
    [InlineData(KernelKind.Fused)]
    [InlineData(KernelKind.Plain)]
    public void A_pooled_convolution_multiplies_what_is_rounded_and_gives_float32(KernelKind kernels)
    {
        Convolution layer = new(parameters, "conv", 16, 16, padded: true, kernels);
        parameters.Build(TestData.Key());
        Tensor x = Noise.Normal(TestData.Key(1), [2, 16, 8, 8]);

        Tensor y = layer.ForwardPoolRelu(x, ForwardPass.Inference);

        Assert.Equal(ScalarType.Float32, y.dtype);
        Tensor sums = nn.functional.conv2d(Rounded(x), Rounded(parameters.Weights[0].Value), Rounded(parameters.Weights[1].Value), padding: [1, 1]);
        Near(nn.functional.relu(nn.functional.max_pool2d(sums, 2)).Values(), y.Values());
    }

    [Fact]
    public void Weights_and_their_gradients_are_float32()
    {
        Convolution convolution = new(parameters, "conv", 1, 16, padded: true, KernelKind.Fused);
        Linear linear = new(parameters, "fc", 16 * 4 * 4, 2);
        parameters.Build(TestData.Key());
        Tensor loss = linear.Forward(convolution.ForwardPoolRelu(Noise.Normal(TestData.Key(1), [2, 1, 8, 8]), ForwardPass.Inference).flatten(1)).sum();

        IList<Tensor> gradients = autograd.grad([loss], [.. parameters.Weights.Select(weight => weight.Value)]);

        Assert.All(parameters.Weights, weight => Assert.Equal(ScalarType.Float32, weight.Value.dtype));
        Assert.All(gradients, gradient => Assert.Equal(ScalarType.Float32, gradient.dtype));
    }

    private static Tensor Rounded(Tensor x) => x.to(ScalarType.BFloat16).to(ScalarType.Float32);

    private static void Near(float[] exact, float[] rounded) =>
        Assert.All(exact.Zip(rounded), pair => Assert.Equal(pair.First, pair.Second, Math.Max(1e-6, 1.01 * Rounding * Math.Abs(pair.First))));
}
