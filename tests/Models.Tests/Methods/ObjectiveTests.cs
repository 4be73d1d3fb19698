using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Methods;

/// <summary>The three terms of (8), each against its closed form in double precision.</summary>
public sealed class ObjectiveTests : IDisposable
{
    private const int Count = 16;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor u = Noise.Normal(TestData.Key(1), [Count, TestData.Classes]);
    private readonly Tensor labels = tensor(Enumerable.Range(0, Count).Select(i => i * 3L % TestData.Classes).ToArray());

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(1000)]
    public void Equation_8_the_weights_of_the_blocks_add_up_to_the_whole_gain_of_signal_to_noise(int blocks)
    {
        const double eta = 0.3;
        DiscreteTime method = new(
            TestData.Settings(blocks: blocks) with { Eta = eta, AbarMin = 0.2, AbarMax = 0.9 }, TestData.Digit, TestData.Classes);

        double sum = BlockId.UpTo(blocks).Sum(method.DenoisingWeight);

        double expected = blocks / 2.0 * eta * (0.9 / 0.1 - 0.2 / 0.8);
        Assert.Equal(expected, sum, 1e-9 * expected);
    }

    [Fact]
    public void Equation_8_the_last_block_of_ten_weighs_thousands_of_times_what_the_first_does()
    {
        DiscreteTime method = TestData.Method(blocks: 10);

        // From the printed schedule: SNR 0.0001, 0.02470 at the beginning and 34.84, 999 at the end.
        Assert.Equal(964.2 / 0.0246, method.DenoisingWeight(new BlockId(10)) / method.DenoisingWeight(new BlockId(1)), 400.0);
    }

    [Fact]
    public void Equation_8_the_squared_error_is_a_sum_over_the_embedding_and_a_mean_over_the_batch()
    {
        Tensor other = Noise.Normal(TestData.Key(2), [Count, TestData.Classes]);

        double expected = u.Rows().Zip(other.Rows(), (a, b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum()).Average();
        Assert.Equal(expected, DiscreteTime.SquaredError(u, other).item<float>(), 1e-6 * expected);
    }

    [Fact]
    public void Equation_8_the_cross_entropy_is_the_mean_of_minus_the_log_probability_of_the_label()
    {
        double expected = u.Rows().Select((logits, i) => -Math.Log(TestData.Softmax(logits)[i * 3 % TestData.Classes])).Average();

        Assert.Equal(expected, TestData.PlainShared().CrossEntropy(u, labels).item<float>(), 1e-6 * expected);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void Equation_8_the_KL_is_the_closed_form_sum(double abar)
    {
        double expected = u.Rows().Average(row => 0.5 * row.Sum(x => (1 - abar) + abar * x * x - 1 - Math.Log(1 - abar)));

        Assert.Equal(expected, WithAbar0(abar).KullbackLeibler(u).item<float>(), 1e-5 * expected);
    }

    [Fact]
    public void Equation_8_the_KL_is_the_mean_log_ratio_of_its_two_densities()
    {
        const int draws = 100_000;
        const double abar = 0.3;
        DiscreteTime method = WithAbar0(abar);
        Tensor one = TestData.PlainShared().Embed(tensor(new[] { 4L }));
        double[] center = [.. one.Values().Select(x => Math.Sqrt(abar) * x)];

        // log q(z_0 | y) - log p(z_0) with z_0 ~ q(z_0 | y); the 2 pi cancels.
        double[] ratios =
        [
            .. method.Diffuse(0, one.expand(draws, -1), TestData.Key(3)).Rows().Select(z =>
                z.Zip(center, (x, mean) => -0.5 * (Math.Log(1 - abar) + (x - mean) * (x - mean) / (1 - abar)) + 0.5 * x * x).Sum()),
        ];

        double average = ratios.Average();
        double standardError = Math.Sqrt(ratios.Average(ratio => (ratio - average) * (ratio - average)) / draws);
        Assert.Equal(average, method.KullbackLeibler(one).item<float>(), 5 * standardError);
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-6)]
    [InlineData(1e-8)]
    public void Equation_8_the_KL_vanishes_as_z_0_becomes_pure_noise(double abar)
    {
        DiscreteTime method = WithAbar0(abar);

        // The leading term: abar |u|^2 / 2, with |u| = 1.
        Assert.Equal(abar / 2, method.KullbackLeibler(TestData.PlainShared().Embed(labels)).item<float>(), 0.01 * abar);
    }

    [Fact]
    public void A_one_hot_embedding_is_one_at_the_label_and_zero_elsewhere()
    {
        DiscreteTime method = TestData.Method();

        Assert.Equal(
            labels.data<long>().ToArray().Select(label => Enumerable.Range(0, TestData.Classes).Select(i => i == label ? 1f : 0f)),
            TestData.PlainShared().Embed(labels).Rows().Select(row => row.Select(x => (float)x)));
    }

    [Fact]
    public void The_output_of_a_block_is_the_mean_embedding_under_its_class_probabilities()
    {
        double[][] output = TestData.PlainShared().Output(u).Rows();

        Assert.All(u.Rows().Zip(output), pair =>
            Assert.All(TestData.Softmax(pair.First).Zip(pair.Second), each => Assert.Equal(each.First, each.Second, 1e-6)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public void Equation_5_the_method_diffuses_by_its_own_schedule(int t)
    {
        DiscreteTime method = TestData.Method();
        double abar = Math.Clamp(Cosine(1 - t / 3.0) / Cosine(0), 1e-4, 0.999);
        Tensor noise = Noise.Normal(TestData.Key(4), u.shape);

        Tensor expected = u.Times(Math.Sqrt(abar)).Plus(noise.Times(Math.Sqrt(1 - abar)));

        Assert.Equal(expected.Bits(), method.Diffuse(t, u, TestData.Key(4)).Bits());
    }

    private static double Cosine(double s) => Math.Pow(Math.Cos((s + 0.008) / 1.008 * Math.PI / 2), 2);

    private static DiscreteTime WithAbar0(double abar) =>
        new(TestData.Settings() with { AbarMin = abar }, TestData.Digit, TestData.Classes);
}
