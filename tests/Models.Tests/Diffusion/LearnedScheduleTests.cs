using NoProp.Models.Diffusion;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Diffusion;

/// <summary>Over random weights, small ones as training begins with and large ones as it might end with.</summary>
public sealed class LearnedScheduleTests : IDisposable
{
    private const int Hidden = 16;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor grid = tensor([.. Enumerable.Range(0, 201).Select(i => i / 200.0)]);

    public static TheoryData<int, double> RandomWeights
    {
        get
        {
            TheoryData<int, double> cases = [];
            foreach (int seed in Enumerable.Range(0, 12))
            {
                cases.Add(seed, seed % 3 == 0 ? 0.3 : seed % 3);
            }

            return cases;
        }
    }

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void Appendix_B_gamma_falls_strictly_from_gamma_1_to_gamma_0(int seed, double scale)
    {
        LearnedScheduleParameters parameters = Random(seed, scale);
        double gamma0 = parameters.Gamma0.item<double>();

        double[] gamma = Doubles(new LearnedSchedule(parameters).Gamma(grid));

        Assert.All(gamma.Zip(gamma.Skip(1)), pair => Assert.True(pair.First > pair.Second));
        Assert.Equal(gamma0 + Math.Log(1 + Math.Exp(parameters.Span.item<double>())), gamma[0], 1e-12);
        Assert.Equal(gamma0, gamma[^1], 1e-12);
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void Appendix_B_the_signal_to_noise_ratio_grows_and_its_derivative_is_positive(int seed, double scale)
    {
        LearnedSchedule schedule = new(Random(seed, scale));

        double[] snr = Doubles(schedule.Snr(grid));

        Assert.All(snr.Zip(snr.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        Assert.All(Doubles(schedule.SnrDerivative(grid)), derivative => Assert.True(derivative > 0));
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void Appendix_B_abar_lies_in_0_to_1_and_SNR_is_abar_over_the_rest(int seed, double scale)
    {
        LearnedSchedule schedule = new(Random(seed, scale));

        double[] abar = Doubles(schedule.Abar(grid));

        Assert.All(abar, value => Assert.InRange(value, double.Epsilon, Math.BitDecrement(1)));
        Assert.All(abar.Zip(Doubles(schedule.Snr(grid))), pair => Assert.Equal(1, pair.First / (1 - pair.First) / pair.Second, 1e-9));
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void Appendix_B_gamma_is_that_of_the_two_layer_network_with_positive_weights(int seed, double scale)
    {
        LearnedScheduleParameters parameters = Random(seed, scale);
        double[][] p = [.. parameters.ToList().Select(Doubles)];
        double Softplus(double x) => Math.Log(1 + Math.Exp(x));
        double H(double t) => Enumerable.Range(0, Hidden).Sum(j => Softplus(p[2][j]) / (1 + Math.Exp(-Softplus(p[0][j]) * t - p[1][j])));
        double Gamma(double t) => p[3][0] + Softplus(p[4][0]) * (1 - (H(t) - H(0)) / (H(1) - H(0)));

        Assert.All(
            Doubles(grid).Zip(Doubles(new LearnedSchedule(parameters).Gamma(grid))),
            pair => Assert.Equal(Gamma(pair.First), pair.Second, 1e-9));
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void The_closed_form_of_gammas_derivative_is_the_one_of_autograd(int seed, double scale)
    {
        LearnedSchedule schedule = new(Random(seed, scale));
        Tensor t = grid.clone().requires_grad_(true);
        schedule.Gamma(t).sum().backward();

        (Tensor gamma, Tensor derivative) = schedule.GammaAndDerivative(grid);

        Assert.All(Doubles(t.grad!).Zip(Doubles(derivative)), pair => Assert.Equal(pair.First, pair.Second, 1e-9 * (1 + Math.Abs(pair.First))));
        Assert.Equal(Doubles(schedule.Gamma(grid)), Doubles(gamma));
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void The_closed_form_of_the_SNRs_derivative_is_the_difference_quotient(int seed, double scale)
    {
        const double step = 1e-5;
        LearnedSchedule schedule = new(Random(seed, scale));
        Tensor inner = grid.narrow(0, 1, 199);

        double[] after = Doubles(schedule.Snr(inner.Plus(step)));
        double[] before = Doubles(schedule.Snr(inner.Plus(-step)));

        Assert.All(
            after.Zip(before, (a, b) => (a - b) / (2 * step)).Zip(Doubles(schedule.SnrDerivative(inner))),
            pair => Assert.Equal(pair.First, pair.Second, 1e-5 * (1 + pair.Second)));
    }

    [Theory]
    [MemberData(nameof(RandomWeights))]
    public void The_SNRs_derivative_is_differentiable_in_every_parameter(int seed, double scale)
    {
        const double step = 1e-6;
        LearnedScheduleParameters parameters = Random(seed, scale);
        Tensor[] leaves = [.. parameters.ToList().Select(parameter => parameter.clone().requires_grad_(true))];
        new LearnedSchedule(LearnedScheduleParameters.From(leaves)).SnrDerivative(grid).mean().backward();

        double Loss(int index, int at, double by)
        {
            Tensor[] moved = [.. parameters.ToList().Select(parameter => parameter.clone())];
            moved[index].narrow(0, at, 1).PlusInPlace(by);
            return new LearnedSchedule(LearnedScheduleParameters.From(moved)).SnrDerivative(grid).mean().item<double>();
        }

        Assert.All(Enumerable.Range(0, LearnedScheduleParameters.Count), index =>
        {
            double expected = (Loss(index, 0, step) - Loss(index, 0, -step)) / (2 * step);
            Assert.Equal(expected, Doubles(leaves[index].grad!)[0], 1e-5 * (1 + Math.Abs(expected)));
        });
    }

    [Fact]
    public void A_declared_schedule_begins_almost_straight_between_the_given_end_points()
    {
        using ParameterSet set = new();
        IReadOnlyList<Parameter> declared = LearnedSchedule.Declare(set, gamma0: -4, gamma1: 6);
        set.Build(TestData.Key());
        LearnedSchedule schedule = new(LearnedScheduleParameters.From(declared));

        float[] gamma = schedule.Gamma(tensor([0f, 0.25f, 0.5f, 0.75f, 1f])).Values();

        Assert.Equal([6, -4], [Math.Round(gamma[0], 5), Math.Round(gamma[4], 5)]);
        Assert.All(Enumerable.Range(0, 5), i => Assert.Equal(6 - 2.5 * i, gamma[i], 0.3));
    }

    [Fact]
    public void A_declared_schedule_may_stand_behind_other_parameters_of_a_set()
    {
        using ParameterSet set = new();
        set.AddConstant("w", [3], 1);
        IReadOnlyList<Parameter> declared = LearnedSchedule.Declare(set, hidden: 7);
        set.Build(TestData.Key());

        new LearnedSchedule(LearnedScheduleParameters.From(declared)).SnrDerivative(tensor([0.3f, 0.6f])).sum().backward();

        Assert.Equal(set.Weights.Skip(1), declared);
        Assert.All(declared, parameter => Assert.True(parameter.Value.grad?.abs().max().item<float>() > 0, parameter.Name));
    }

    [Theory]
    [InlineData(5, -5)]
    [InlineData(1, 1)]
    [InlineData(double.NaN, 1)]
    public void End_points_in_the_wrong_order_are_refused(double gamma0, double gamma1)
    {
        using ParameterSet set = new();

        Assert.Throws<ArgumentOutOfRangeException>(nameof(gamma1), () => LearnedSchedule.Declare(set, gamma0, gamma1));
    }

    [Fact]
    public void More_or_fewer_than_its_parameters_are_refused() =>
        Assert.Throws<ArgumentException>("tensors", () => LearnedScheduleParameters.From([grid, grid]));

    [Fact]
    public void In_single_precision_the_weight_of_the_error_stays_positive()
    {
        Assert.All(Enumerable.Range(0, 12), seed =>
        {
            Tensor[] single = [.. Random(seed, 3).ToList().Select(parameter => parameter.to(ScalarType.Float32))];
            float[] weights = new LearnedSchedule(LearnedScheduleParameters.From(single)).SnrDerivative(grid.to(ScalarType.Float32)).Values();
            Assert.All(weights, weight => Assert.True(weight > 0 && float.IsFinite(weight)));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(1000)]
    public void On_a_grid_it_is_a_schedule_of_equal_steps_from_end_to_end(int steps)
    {
        LearnedScheduleParameters parameters = Random(1, 1);
        LearnedSchedule schedule = new(parameters);

        NoiseSchedule discrete = schedule.Discretise(steps);

        Assert.Equal(steps, discrete.Blocks);
        double[] expected = Doubles(schedule.Abar(tensor([.. Enumerable.Range(0, steps + 1).Select(i => (double)i / steps)])));
        Assert.All(expected.Select((abar, i) => (abar, i)), at => Assert.Equal(at.abar, discrete.Abar(at.i), 1e-15));
    }

    [Fact]
    public void A_grid_over_a_flat_schedule_does_not_decrease()
    {
        LearnedScheduleParameters flat = Random(1, 1) with
        {
            InputWeights = tensor([.. Enumerable.Repeat(90.0, Hidden)]),
            InputBiases = tensor([.. Enumerable.Repeat(-45.0, Hidden)]),
        };

        NoiseSchedule discrete = new LearnedSchedule(flat).Discretise(1000);

        Assert.All(Enumerable.Range(1, 1000), t => Assert.True(discrete.SnrGain(t) >= 0));
    }

    [Fact]
    public void A_grid_without_a_step_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>("steps", () => new LearnedSchedule(Random(1, 1)).Discretise(0));

    private static double[] Doubles(Tensor tensor) => tensor.detach().contiguous().data<double>().ToArray();

    /// <summary>float64 parameters, normal with the given standard deviation; the end points are near -5 and 5.</summary>
    private static LearnedScheduleParameters Random(int seed, double scale)
    {
        Tensor Draw(int place, int count) => Noise.Normal(TestData.Key(100 * seed + place), [count]).to(ScalarType.Float64).Times(scale);
        return new(Draw(0, Hidden), Draw(1, Hidden), Draw(2, Hidden), Draw(3, 1).Plus(-5), Draw(4, 1).Plus(10));
    }
}
