using NoProp.Models.Embeddings;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Embeddings;

public sealed class NearestEmbeddingTests : IDisposable
{
    private const int Batch = 64;
    private const int Classes = 10;

    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(784)]
    public void The_class_is_the_row_of_W_at_the_smallest_distance(int d)
    {
        Tensor z = Noise.Normal(TestData.Key(1), [Batch, d]);
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, d]);

        long[] classes = NearestEmbedding.Classes(z, w).data<long>().ToArray();

        double[][] rows = w.Rows();
        Assert.Equal(z.Rows().Select(point => (long)Enumerable.Range(0, Classes).MinBy(y => Squared(point, rows[y]))), classes);
    }

    [Fact]
    public void The_length_of_a_row_counts_and_not_its_direction_alone()
    {
        Tensor w = tensor(new[] { 1f, 0f, 10f, 0f }).view(2, 2);

        Assert.Equal([0, 1], NearestEmbedding.Classes(tensor(new[] { 2f, 0f, 7f, 0f }).view(2, 2), w).data<long>().ToArray());
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(3)]
    public void The_probabilities_are_gaussians_around_the_rows_of_W(double sigma)
    {
        Tensor z = Noise.Normal(TestData.Key(1), [Batch, 4]);
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 4]);

        double[][] log = NearestEmbedding.LogProbabilities(z, w, sigma).Rows();

        double[][] rows = w.Rows();
        Assert.All(z.Rows().Zip(log), pair =>
        {
            double[] exponents = [.. rows.Select(row => -Squared(pair.First, row) / (2 * sigma * sigma))];
            double normaliser = exponents.Max() + Math.Log(exponents.Sum(exponent => Math.Exp(exponent - exponents.Max())));
            Assert.All(exponents.Zip(pair.Second), entry =>
                Assert.Equal(entry.First - normaliser, entry.Second, 1e-5 * Math.Max(1, Math.Abs(entry.First))));
        });
    }

    [Fact]
    public void The_most_likely_class_is_the_nearest()
    {
        Tensor z = Noise.Normal(TestData.Key(1), [Batch, 20]);
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 20]);

        long[] likeliest = NearestEmbedding.LogProbabilities(z, w, 1).argmax(1).data<long>().ToArray();

        Assert.Equal(NearestEmbedding.Classes(z, w).data<long>().ToArray(), likeliest);
    }

    [Fact]
    public void Rows_that_differ_little_beside_what_they_share_are_told_apart()
    {
        // Without moving the origin, squares of 784 * 100^2 would hide the differences of some hundredths in float32.
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 784]).Times(0.01).Plus(100);

        Assert.Equal(Enumerable.Range(0, Classes).Select(y => (long)y), NearestEmbedding.Classes(w, w).data<long>().ToArray());
    }

    [Fact]
    public void The_gradient_for_z_points_from_the_expected_row_to_the_labels_row()
    {
        Tensor z = Noise.Normal(TestData.Key(1), [1, 3]).requires_grad_();
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 3]);
        Tensor log = NearestEmbedding.LogProbabilities(z, w, 0.8);

        double[] gradient = [.. autograd.grad([log.select(1, 4).sum()], [z])[0].Rows()[0]];

        double[][] rows = w.Rows();
        double[] p = [.. log.Rows()[0].Select(Math.Exp)];
        Assert.All(gradient.Index(), entry =>
            Assert.Equal((rows[4][entry.Index] - p.Select((py, y) => py * rows[y][entry.Index]).Sum()) / 0.64, entry.Item, 1e-4));
    }

    [Fact]
    public void Only_the_result_stays_in_the_scope_of_the_caller()
    {
        Tensor z = Noise.Normal(TestData.Key(1), [Batch, 20]);
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 20]);
        using DisposeScope inner = NewDisposeScope();

        NearestEmbedding.Classes(z, w);
        NearestEmbedding.LogProbabilities(z, w, 1);

        Assert.Equal(2, inner.DisposablesCount);
    }

    private static double Squared(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
