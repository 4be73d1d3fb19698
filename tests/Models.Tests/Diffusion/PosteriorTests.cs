using NoProp.Models.Diffusion;
using NoProp.Models.Native;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Diffusion;

public sealed class PosteriorTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public static TheoryData<int> BlockCounts => [1, 2, 3, 10, 100, 1000];

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(BlockCounts))]
    public void Equation_6_the_posterior_mean_restores_sqrt_abar(int blocks) => ForEachStep(blocks, (schedule, t, step) =>
        Assert.Equal(Math.Sqrt(schedule.Abar(t)), step.A + step.B * Math.Sqrt(schedule.Abar(t - 1)), 1e-12));

    [Theory]
    [MemberData(nameof(BlockCounts))]
    public void Equation_6_the_posterior_variance_restores_one_minus_abar(int blocks) => ForEachStep(blocks, (schedule, t, step) =>
        Assert.Equal(1 - schedule.Abar(t), step.B * step.B * (1 - schedule.Abar(t - 1)) + step.C, 1e-12));

    [Theory]
    [MemberData(nameof(BlockCounts))]
    public void Equation_6_the_weight_of_a_step_is_its_gain_of_signal_to_noise(int blocks) => ForEachStep(blocks, (schedule, t, step) =>
    {
        // As a product, for where the clip makes neighbours equal a_t, c_t and the gain are all 0.
        double squared = step.A * step.A;
        Assert.Equal(squared, step.C * schedule.SnrGain(t), 1e-9 * squared);
    });

    [Theory]
    [MemberData(nameof(BlockCounts))]
    public void Equation_6_the_posterior_is_the_product_of_two_gaussians(int blocks) => ForEachStep(blocks, (schedule, t, step) =>
    {
        // Bayes: q(z_t | z_{t-1}, y) ~ N(z_t; sqrt(abar_t) u, 1 - abar_t) N(z_{t-1}; sqrt(alpha) z_t, 1 - alpha): precisions add.
        (double abar, double before) = (schedule.Abar(t), schedule.Abar(t - 1));
        double alpha = before / abar;
        if (alpha == 1)
        {
            Assert.Equal(new Posterior(0, 1, 0), step);
            return;
        }

        double variance = 1 / (1 / (1 - abar) + alpha / (1 - alpha));
        Assert.Equal(variance, step.C, 1e-9 * variance);
        Assert.Equal(variance * Math.Sqrt(abar) / (1 - abar), step.A, 1e-9);
        Assert.Equal(variance * Math.Sqrt(alpha) / (1 - alpha), step.B, 1e-9);
    });

    [Fact]
    public void Equations_5_and_6_a_chain_of_steps_has_the_marginals_that_training_draws_from()
    {
        const int count = 200_000;
        const double u = 0.8;
        NoiseSchedule schedule = CosineSchedule.Create(10);
        Tensor target = ones(count, 1).Times(u);
        Tensor z = Posterior.Diffuse(schedule.Abar(0), target, Noise.Normal(TestData.Key(), [count, 1]));
        for (int t = 1; t <= 10; t++)
        {
            z = Posterior.At(schedule, t).Step(target, z, Noise.Normal(TestData.Key(t), [count, 1]));

            // Five standard errors of the mean and of the variance of a normal sample.
            double variance = 1 - schedule.Abar(t);
            double[] drawn = [.. z.Values().Select(value => (double)value)];
            double mean = drawn.Average();
            Assert.Equal(Math.Sqrt(schedule.Abar(t)) * u, mean, 5 * Math.Sqrt(variance / count));
            Assert.Equal(variance, drawn.Average(value => (value - mean) * (value - mean)), 5 * variance * Math.Sqrt(2.0 / count));
        }
    }

    [Fact]
    public void Equation_5_a_draw_is_the_scaled_embedding_plus_scaled_noise()
    {
        Tensor drawn = Posterior.Diffuse(0.64, tensor(new[] { 1f, 0f, -2f }), tensor(new[] { 0.5f, 1f, 0f }));

        AssertClose([0.8 + 0.6 * 0.5, 0.6, -1.6], drawn);
    }

    [Fact]
    public void Equation_6_holds_between_any_two_times()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            double[] abar = [.. new[] { random.NextDouble(), random.NextDouble() }.Select(value => 1e-6 + value * (1 - 2e-6)).Order()];
            (double from, double to) = (abar[0], abar[1]);

            Posterior step = Posterior.Between(from, to);

            Assert.Equal(Math.Sqrt(to), step.A + step.B * Math.Sqrt(from), 1e-12);
            Assert.Equal(1 - to, step.B * step.B * (1 - from) + step.C, 1e-12);
            double gain = to / (1 - to) - from / (1 - from);
            Assert.Equal(step.A * step.A, step.C * gain, 1e-8 * (1 + gain));
        }
    }

    [Fact]
    public void Equation_6_two_steps_in_a_row_are_one_step_over_both()
    {
        (Posterior first, Posterior second) = (Posterior.Between(0.1, 0.4), Posterior.Between(0.4, 0.85));

        Posterior both = Posterior.Between(0.1, 0.85);

        Assert.Equal(both.A, second.A + second.B * first.A, 1e-12);
        Assert.Equal(both.B, second.B * first.B, 1e-12);
        Assert.Equal(both.C, second.C + second.B * second.B * first.C, 1e-12);
    }

    [Fact]
    public void A_step_to_the_same_time_changes_nothing() => Assert.Equal(new Posterior(0, 1, 0), Posterior.Between(0.3, 0.3));

    [Theory]
    [InlineData(0, 0.5, "abarFrom")]
    [InlineData(double.NaN, 0.5, "abarFrom")]
    [InlineData(0.5, 0.4, "abarTo")]
    [InlineData(0.5, 1, "abarTo")]
    [InlineData(0.5, double.NaN, "abarTo")]
    public void A_step_between_values_that_are_no_schedule_is_refused(double from, double to, string name) =>
        Assert.Throws<ArgumentOutOfRangeException>(name, () => Posterior.Between(from, to));

    [Fact]
    public void Equation_3_a_step_without_noise_is_the_mean()
    {
        Tensor z = new Posterior(0.3, 0.5, 0.09).Step(tensor(new[] { 1f, -1f }), tensor(new[] { 2f, 4f }), null);

        AssertClose([0.3 + 1, -0.3 + 2], z);
    }

    [Fact]
    public void Equation_3_the_noise_of_a_step_has_the_standard_deviation_sqrt_c()
    {
        Tensor z = new Posterior(0.3, 0.5, 0.09).Step(tensor(new[] { 1f, -1f }), tensor(new[] { 2f, 4f }), tensor(new[] { 1f, -2f }));

        AssertClose([1.3 + 0.3, 1.7 - 0.6], z);
    }

    private static void ForEachStep(int blocks, Action<NoiseSchedule, int, Posterior> check)
    {
        NoiseSchedule schedule = CosineSchedule.Create(blocks);
        for (int t = 1; t <= blocks; t++)
        {
            check(schedule, t, Posterior.At(schedule, t));
        }
    }

    /// <summary>A few units in the last place of a float32 of size 1.</summary>
    private static void AssertClose(double[] expected, Tensor actual)
    {
        float[] values = actual.Values();
        Assert.Equal(expected.Length, values.Length);
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }
}
