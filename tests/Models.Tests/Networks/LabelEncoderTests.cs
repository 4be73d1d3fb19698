using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

/// <summary>Both label pathways against the same sums in double precision.</summary>
public sealed class LabelEncoderTests : IDisposable
{
    private const int EmbeddingSize = 3;
    private const int Features = 5;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly ParameterSet parameters = new();
    private readonly Tensor z = Noise.Normal(TestData.Key(1), [4, EmbeddingSize]);

    public void Dispose()
    {
        parameters.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void The_papers_label_pathway_has_two_skip_connections_and_batch_normalisation_after_each_layer()
    {
        LabelEncoder encoder = Build(NetworkSettings.Paper);

        AssertRows(encoder, row =>
        {
            double[] h = Normalise(Relu(Layer("label.fc1", row)));
            h = Normalise(Relu(Add(Layer("label.fc2", h), h)));
            return Normalise(Relu(Add(Layer("label.fc3", h), h)));
        });
    }

    [Fact]
    public void The_compact_label_pathway_is_two_layers()
    {
        LabelEncoder encoder = Build(NetworkSettings.Compact);

        AssertRows(encoder, row => Layer("label.fc2", Relu(Layer("label.fc1", row))));
    }

    // The running statistics are still mean 0 and variance 1.
    private static double[] Normalise(double[] x) => [.. x.Select(value => value / Math.Sqrt(1 + 1e-5))];

    private static double[] Relu(double[] x) => [.. x.Select(value => Math.Max(value, 0))];

    private static double[] Add(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private LabelEncoder Build(NetworkSettings settings)
    {
        LabelEncoder encoder = LabelEncoder.Create(parameters, settings with { LabelFeatures = Features }, EmbeddingSize);
        parameters.Build(TestData.Key());
        return encoder;
    }

    private double[] Layer(string name, double[] x)
    {
        double[][] weight = parameters.Weights.Single(parameter => parameter.Name == name + ".weight").Value.Rows();
        float[] bias = parameters.Weights.Single(parameter => parameter.Name == name + ".bias").Value.Values();
        return [.. weight.Zip(bias, (row, b) => row.Zip(x, (w, value) => w * value).Sum() + b)];
    }

    private void AssertRows(LabelEncoder encoder, Func<double[], double[]> expected)
    {
        double[][] actual = encoder.Forward(z, ForwardPass.Inference).Rows();
        Assert.All(
            z.Rows().SelectMany(expected).Zip(actual.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }
}
