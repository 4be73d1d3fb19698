using NoProp.Models.Kernels;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using Functional = TorchSharp.torch.nn.functional;

namespace NoProp.Models.Tests.Kernels;

/// <summary>Convolution, pool and ReLU in one operation, against libtorch's three.</summary>
/// <remarks>With small whole numbers every sum is exact whatever its order, and equal values are common: both must then agree to the bit.</remarks>
[Collection(ProcessWideCollection.Name)]
public sealed class PooledConvolutionTests
{
    public static TheoryData<int, int, int, int, int, bool> Shapes { get; } = new()
    {
        { 5, 1, 28, 28, 32, true },
        { 3, 32, 14, 14, 64, true },
        { 3, 3, 32, 32, 32, false },
        { 2, 64, 13, 13, 128, false },
        { 2, 24, 9, 4, 48, true },
        { 2, 8, 5, 9, 16, true },
        { 1, 4, 4, 4, 16, false },
        { 2, 2, 8, 8, 16, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Whole_numbers_give_the_same_bits(int images, int inputs, int height, int width, int outputs, bool padded)
    {
        using DisposeScope scope = NewDisposeScope();
        Sample sample = new(images, inputs, height, width, outputs, padded, whole: true);

        Tensor[] plain = sample.Plain();
        Tensor[] fused = sample.Fused();

        Assert.All(plain.Zip(fused), pair => Assert.Equal(pair.First.detach().Floats(), pair.Second.detach().Floats()));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Other_numbers_differ_by_rounding_alone(int images, int inputs, int height, int width, int outputs, bool padded)
    {
        using DisposeScope scope = NewDisposeScope();
        Sample sample = new(images, inputs, height, width, outputs, padded, whole: false);

        Tensor[] plain = sample.Plain();
        Tensor[] fused = sample.Fused();

        Assert.All(plain.Zip(fused), pair => Assert.InRange(pair.First.sub(pair.Second).abs().max().item<float>(), 0, 2e-5 * pair.First.abs().max().item<float>()));
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        using DisposeScope scope = NewDisposeScope();
        Sample sample = new(1, 8, 6, 6, 16, padded: true, whole: true);
        Sample broken = sample with { X = full([1, 8, 6, 6], float.NaN.ToScalar(), ScalarType.Float32) };

        Assert.All(broken.Result(broken.X).detach().Floats(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void An_image_gives_the_same_bits_in_any_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        Sample sample = new(7, 32, 14, 14, 64, padded: true, whole: false);
        Sample alone = sample with { X = sample.X.detach().narrow(0, 3, 1) };

        Assert.Equal(sample.Fused()[0].narrow(0, 3, 1).detach().Floats(), alone.Result(alone.X).detach().Floats());
    }

    [Fact]
    public void A_step_gives_back_all_its_memory()
    {
        Step();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        Step();

        Assert.Equal(before, Tensor.TotalCount);

        static void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            new Sample(2, 8, 8, 8, 16, padded: true, whole: false).Fused();
        }
    }

    [Theory]
    [InlineData(16, 16, true, true)]
    [InlineData(1, 16, true, false)]
    [InlineData(1, 16, false, true)]
    [InlineData(12, 16, false, false)]
    [InlineData(16, 24, false, false)]
    public void Takes_what_there_is_a_kernel_for(int inputs, int outputs, bool needsGradient, bool taken)
    {
        using DisposeScope scope = NewDisposeScope();

        Assert.Equal(taken, PooledConvolution.Takes(zeros(1, inputs, 8, 8).requires_grad_(needsGradient), zeros(outputs, inputs, 3, 3)));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Wide_vectors_give_the_bits_of_narrow_ones(int images, int inputs, int height, int width, int outputs, bool padded)
    {
        ConvolutionShape shape = new(images, height, width, inputs, outputs, padded);

        Assert.Equal(Computed(shape with { Wide = false }), Computed(shape));
    }

    /// <summary>The result of random numbers, and the gradients of weights, biases and input.</summary>
    private static float[][] Computed(ConvolutionShape shape)
    {
        Random random = new(5);
        float[] x = Draw(shape.Images * shape.ImageLength), weight = Draw(shape.Outputs * shape.PatchLength), bias = Draw(shape.Outputs);
        float[] result = new float[shape.Images * shape.ResultLength], gradient = Draw(result.Length);
        byte[] choice = new byte[result.Length];
        (float[] ofWeight, float[] ofBias, float[] ofX) = (new float[weight.Length], new float[bias.Length], shape.HasFewInputs ? [] : new float[x.Length]);
        ConvolutionForward.Run(shape, x, weight, bias, result, choice);
        ConvolutionBackward.Run(shape, x, weight, gradient, choice, ofWeight, ofBias, ofX);
        return [result, ofWeight, ofBias, ofX];

        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    /// <summary>A convolution with a gradient of its result.</summary>
    private sealed record Sample
    {
        private readonly bool padded;
        private readonly Tensor weight;
        private readonly Tensor bias;
        private readonly Tensor gradient;

        public Sample(int images, int inputs, int height, int width, int outputs, bool padded, bool whole)
        {
            this.padded = padded;
            using Generator random = new(17);
            X = Draw(images, inputs, height, width).requires_grad_(inputs % 8 == 0);
            weight = Draw(outputs, inputs, 3, 3).requires_grad_();
            bias = Draw(outputs).requires_grad_();
            gradient = Draw([.. Result(X.detach()).shape]);

            Tensor Draw(params long[] size) => whole ? randint(-2, 3, size, ScalarType.Float32, generator: random) : randn(size, ScalarType.Float32, generator: random);
        }

        public Tensor X { get; init; }

        public Tensor Result(Tensor x) => PooledConvolution.Apply(x, weight, bias, padded);

        /// <summary>Result and gradients, of the input too where it has one.</summary>
        public Tensor[] Fused() => WithGradients(Result(X));

        // In double precision, where libtorch computes without oneDNN: its convolution of 24 channels to 48 is wrong with AVX-512.
        public Tensor[] Plain()
        {
            Tensor y = Functional.conv2d(Double(X), Double(weight), Double(bias), padding: padded ? [1, 1] : [0, 0]);
            return WithGradients(Functional.relu(Functional.max_pool2d(y, 2)).to(ScalarType.Float32));

            static Tensor Double(Tensor tensor) => tensor.to(ScalarType.Float64);
        }

        private Tensor[] WithGradients(Tensor y) => [y, .. autograd.grad([y], X.requires_grad ? [weight, bias, X] : [weight, bias], [gradient])];
    }
}
