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
    public void The_papers_label_pathway_has_two_skip_connections_and_then_batch_normalisation()
    {
        LabelEncoder encoder = Build(NetworkSettings.Paper);

        // The running statistics are still mean 0 and variance 1.
        AssertRows(encoder, row =>
        {
            double[] h = Relu(Layer("label.fc1", row));
            h = Relu(Add(Layer("label.fc2", h), h));
            h = Relu(Add(Layer("label.fc3", h), h));
            return [.. h.Select(x => x / Math.Sqrt(1 + 1e-5))];
        });
    }

    [Fact]
    public void The_compact_label_pathway_is_two_layers()
    {
        LabelEncoder encoder = Build(NetworkSettings.Compact);

        AssertRows(encoder, row => Layer("label.fc2", Relu(Layer("label.fc1", row))));
    }

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
