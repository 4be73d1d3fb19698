using NoProp.Models.Embeddings;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Embeddings;

public sealed class ClassProbabilityTests : IDisposable
{
    private const int Batch = 6;
    private const int Classes = 5;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor logits = Noise.Normal(TestData.Key(1), [Batch, Classes]).Times(2);

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Equation_14_the_softmax_form_is_the_softmax_of_the_logits()
    {
        double[][] log = ClassProbability.LogSoftmax(logits).Rows();

        AssertClose(logits.Rows().Select(TestData.Softmax), log, 1e-6);
    }

    [Theory]
    [InlineData(3, 0.5)]
    [InlineData(3, 2)]
    [InlineData(40, 1)]
    public void Equations_15_and_16_the_radial_form_is_a_gaussian_around_the_weighted_embedding(int d, double sigma)
    {
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, d]);

        double[][] log = ClassProbability.LogRadial(logits, w, sigma).Rows();

        AssertClose(logits.Rows().Select(row => Radial(row, w.Rows(), sigma)), log, 2e-5);
    }

    [Fact]
    public void Equation_16_equal_logits_and_a_one_hot_W_make_every_class_as_likely()
    {
        double[][] log = ClassProbability.LogRadial(zeros(1, Classes), eye(Classes), 0.5).Rows();

        Assert.All(log[0], value => Assert.Equal(-Math.Log(Classes), value, 1e-6));
    }

    [Theory]
    [InlineData(1e4f)]
    [InlineData(-1e4f)]
    public void Equation_16_extreme_logits_and_a_narrow_gaussian_give_finite_logarithms(float extreme)
    {
        Tensor sure = tensor(new[] { extreme, 0f, 0f }).view(1, 3);

        double[][] log = ClassProbability.LogRadial(sure, eye(3), 1e-2).Rows();

        double[] exact = extreme > 0 ? [0, -1e4, -1e4] : [-(1.5 - 0.5) / 2e-4 - Math.Log(2), -Math.Log(2), -Math.Log(2)];
        Assert.All(exact.Zip(log[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-3 + 1e-5 * Math.Abs(pair.First)));
    }

    [Fact]
    public void Equation_16_a_part_that_all_embeddings_share_changes_nothing()
    {
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 40]);
        Tensor moved = w.Plus(100);

        double[][] log = ClassProbability.LogRadial(logits, moved, 0.5).Rows();

        // What is left is the rounding of the moved W itself.
        Tensor rounded = moved.Plus(-100);
        AssertClose(logits.Rows().Select(row => Radial(row, rounded.Rows(), 0.5)), log, 2e-3);
    }

    [Fact]
    public void Equation_16_the_gradients_for_logits_and_W_are_finite_differences()
    {
        Tensor points = logits.to(ScalarType.Float64);
        Tensor w = Noise.Normal(TestData.Key(2), [Classes, 3]).to(ScalarType.Float64);
        Tensor labels = tensor(Enumerable.Range(0, Batch).Select(i => (long)(i % Classes)).ToArray()).unsqueeze(1);
        Tensor Loss(Tensor a, Tensor b) => ClassProbability.LogRadial(a, b, 0.7).gather(1, labels).mean();
        Tensor pointsLeaf = points.clone().requires_grad_();
        Tensor wLeaf = w.clone().requires_grad_();

        IList<Tensor> gradients = autograd.grad([Loss(pointsLeaf, wLeaf)], [pointsLeaf, wLeaf]);

        AssertGradient(points, gradients[0], changed => Loss(changed, w));
        AssertGradient(w, gradients[1], changed => Loss(points, changed));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_width_that_is_not_positive_is_refused(double sigma) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassProbability.LogRadial(logits, eye(Classes), sigma));

    [Fact]
    public void Settings_choose_the_form()
    {
        Tensor w = eye(Classes);
        ClassProbabilitySettings softmax = new(ClassProbabilityKind.Softmax);
        ClassProbabilitySettings radial = new(ClassProbabilityKind.Radial);

        Assert.Equal(ClassProbability.LogSoftmax(logits).Bits(), softmax.Log(logits, w).Bits());
        Assert.Equal(ClassProbability.LogRadial(logits, w, 0.5).Bits(), radial.Log(logits, w).Bits());
        Assert.Equal(ClassProbability.LogRadial(logits, w, 2).Bits(), (radial with { Sigma = 2 }).Log(logits, w).Bits());
    }

    [Fact]
    public void Only_the_result_stays_in_the_scope_of_the_caller()
    {
        Tensor w = eye(Classes);
        using DisposeScope inner = NewDisposeScope();

        ClassProbability.LogRadial(logits, w, 0.5);

        Assert.Equal(1, inner.DisposablesCount);
    }

    /// <summary>(15) and (16) as they are written.</summary>
    private static double[] Radial(double[] row, double[][] w, double sigma)
    {
        double[] p = TestData.Softmax(row);
        double[] uTilde = [.. Enumerable.Range(0, w[0].Length).Select(k => p.Select((py, y) => py * w[y][k]).Sum())];
        double[] powers = [.. w.Select(u => Math.Exp(-u.Zip(uTilde, (a, b) => (a - b) * (a - b)).Sum() / (2 * sigma * sigma)))];
        return [.. powers.Select(power => power / powers.Sum())];
    }

    private static void AssertClose(IEnumerable<double[]> probabilities, double[][] log, double tolerance)
    {
        double[] expected = [.. probabilities.SelectMany(row => row).Select(p => Math.Log(p))];
        double[] actual = [.. log.SelectMany(row => row)];
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance * Math.Max(1, Math.Abs(pair.First))));
    }

    private static void AssertGradient(Tensor at, Tensor gradient, Func<Tensor, Tensor> loss)
    {
        const double h = 1e-5;
        double[] values = at.data<double>().ToArray();
        double[] slopes = gradient.contiguous().data<double>().ToArray();
        double LossWith(int i, double change)
        {
            double[] changed = [.. values];
            changed[i] += change;
            return loss(tensor(changed).view(at.shape)).item<double>();
        }

        Assert.All(slopes.Index(), entry =>
            Assert.Equal((LossWith(entry.Index, h) - LossWith(entry.Index, -h)) / (2 * h), entry.Item, 1e-8));
    }
}
