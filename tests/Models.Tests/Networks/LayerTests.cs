using NoProp.Models.Kernels;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using BatchNorm = NoProp.Models.Networks.BatchNorm;
using Convolution = NoProp.Models.Networks.Convolution;
using Dropout = NoProp.Models.Networks.Dropout;
using Functional = TorchSharp.torch.nn.functional;
using Linear = NoProp.Models.Networks.Linear;

namespace NoProp.Models.Tests.Networks;

public sealed class LayerTests : IDisposable
{
    private static readonly ForwardPass Training = new(TestData.Key(5));

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly ParameterSet parameters = new();

    public void Dispose()
    {
        parameters.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void A_linear_layer_is_a_matrix_product_and_a_bias()
    {
        Linear layer = Build(new Linear(parameters, "fc", 3, 2));
        double[][] x = Noise.Normal(TestData.Key(1), [4, 3]).Rows();
        double[][] weight = parameters.Weights[0].Value.Rows();
        float[] bias = parameters.Weights[1].Value.Values();

        double[][] y = layer.Forward(tensor(x.SelectMany(row => row).Select(value => (float)value).ToArray()).view(4, 3)).Rows();

        Assert.All(
            from row in Enumerable.Range(0, 4) from column in Enumerable.Range(0, 2) select (row, column),
            at => Assert.Equal(x[at.row].Zip(weight[at.column], (a, b) => a * b).Sum() + bias[at.column], y[at.row][at.column], 1e-6));
    }

    [Theory]
    [InlineData(true, 8)]
    [InlineData(false, 6)]
    public void A_convolution_keeps_the_size_where_it_is_padded_and_otherwise_loses_a_border(bool padded, long size)
    {
        Convolution layer = Build(new Convolution(parameters, "conv", 2, 5, padded, KernelKind.Plain));

        Assert.Equal([3, 5, size, size], layer.Forward(Noise.Normal(TestData.Key(1), [3, 2, 8, 8])).shape);
    }

    [Fact]
    public void ReLU_after_the_pool_is_the_same_as_before_it()
    {
        Convolution layer = Build(new Convolution(parameters, "conv", 1, 32, padded: false, KernelKind.Plain));
        Tensor images = Noise.Normal(TestData.Key(1), [8, 1, 28, 28]);

        Tensor before = Functional.max_pool2d(Functional.relu(layer.Forward(images)), 2);

        Assert.Equal(before.Bits(), layer.ForwardPoolRelu(images, ForwardPass.Inference).Bits());
    }

    [Fact]
    public void Batch_normalisation_in_training_gives_the_batch_mean_zero_and_variance_one()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 3));

        double[][] y = layer.Forward(Noise.Normal(TestData.Key(1), [50, 3]).Times(4).Plus(7), Training).Rows();

        // epsilon, 1e-5 beside a variance of about 16, takes less than 1e-6.
        Assert.All(Enumerable.Range(0, 3), feature =>
        {
            Assert.Equal(0, y.Average(row => row[feature]), 1e-5);
            Assert.Equal(1, y.Average(row => row[feature] * row[feature]), 1e-5);
        });
    }

    [Fact]
    public void Batch_normalisation_in_training_moves_the_running_statistics_a_tenth_of_the_way()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 1));
        double[] x = [1, 2, 6];

        layer.Forward(tensor(new[] { 1f, 2f, 6f }).view(3, 1), Training);

        // The running variance takes the unbiased one: 14 / 2.
        double variance = x.Sum(value => Math.Pow(value - x.Average(), 2)) / (x.Length - 1);
        float[] statistics = parameters.FlatStatistics.Values();
        Assert.Equal(0.1 * 3, statistics[0], 1e-6);
        Assert.Equal(0.9 + 0.1 * variance, statistics[1], 1e-6);
    }

    [Fact]
    public void Batch_normalisation_at_inference_uses_the_running_statistics()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 2));
        parameters.FlatStatistics.copy_(tensor(new[] { 3f, -1f, 4f, 0.25f }));

        double[][] y = layer.Forward(tensor(new[] { 5f, 1f }).view(1, 2), ForwardPass.Inference).Rows();

        Assert.Equal((5 - 3) / Math.Sqrt(4 + 1e-5), y[0][0], 1e-5);
        Assert.Equal((1 + 1) / Math.Sqrt(0.25 + 1e-5), y[0][1], 1e-5);
    }

    [Fact]
    public void Batch_normalisation_at_inference_leaves_the_running_statistics_alone()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 2));
        byte[] before = parameters.FlatStatistics.Bits();

        layer.Forward(Noise.Normal(TestData.Key(1), [50, 2]).Times(4).Plus(7), ForwardPass.Inference);

        Assert.Equal(before, parameters.FlatStatistics.Bits());
    }

    [Fact]
    public void Batch_normalisation_in_training_refuses_a_single_image_which_has_no_variance()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 2));

        Assert.Throws<NoPropException>(() => layer.Forward(zeros(1, 2), Training));
    }

    [Fact]
    public void Batch_normalisation_at_inference_takes_a_single_image()
    {
        BatchNorm layer = Build(new BatchNorm(parameters, "norm", 2));

        Assert.Equal([1, 2], layer.Forward(zeros(1, 2), ForwardPass.Inference).shape);
    }

    [Fact]
    public void Dropout_in_training_keeps_the_expected_value()
    {
        // 100,000 values of 0 or 1.25 with mean 1: standard error 0.0016.
        Assert.Equal(1, new Dropout(0.2, 0).Forward(ones(100_000), Training).mean().item<float>(), 0.008f);
    }

    [Fact]
    public void Dropout_at_inference_changes_nothing()
    {
        Tensor x = Noise.Normal(TestData.Key(1), [100]);

        Assert.Equal(x.Bits(), new Dropout(0.2, 0).Forward(x, ForwardPass.Inference).Bits());
    }

    [Fact]
    public void Each_dropout_of_a_network_drops_other_values()
    {
        Tensor x = ones(1000);

        Assert.NotEqual(new Dropout(0.2, 0).Forward(x, Training).Values(), new Dropout(0.2, 1).Forward(x, Training).Values());
    }

    private TLayer Build<TLayer>(TLayer layer)
    {
        parameters.Build(TestData.Key());
        return layer;
    }
}
