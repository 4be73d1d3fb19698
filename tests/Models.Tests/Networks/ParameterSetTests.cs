using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Networks;

public sealed class ParameterSetTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly ParameterSet parameters = new();

    public void Dispose()
    {
        parameters.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Given_initial_values_fill_a_weight_row_by_row()
    {
        Parameter given = parameters.AddGiven("w", [2, 3], [1, 2, 3, 4, 5, 6]);

        parameters.Build(TestData.Key());

        Assert.Equal([[1, 2, 3], [4, 5, 6]], given.Value.Rows());
        Assert.True(given.Value.requires_grad);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    public void As_many_initial_values_are_asked_for_as_the_shape_holds(int count) =>
        Assert.Throws<ArgumentException>("initial", () => parameters.AddGiven("w", [2, 3], new float[count]));

    [Fact]
    public void A_given_weight_does_not_change_when_the_array_behind_it_does()
    {
        float[] values = [1, 2];
        Parameter given = parameters.AddGiven("w", [2], values);
        parameters.Build(TestData.Key());

        values[0] = 9;

        Assert.Equal([1f, 2f], given.Value.Values());
    }

    [Fact]
    public void Normal_initial_values_have_mean_zero_and_the_given_standard_deviation()
    {
        const int count = 100_000;
        Parameter normal = parameters.AddNormal("w", [count], 3);

        parameters.Build(TestData.Key());

        // Five standard errors of the mean and of the variance of a normal sample.
        double[] values = [.. normal.Value.Values().Select(value => (double)value)];
        Assert.Equal(0, values.Average(), 5 * 3 / Math.Sqrt(count));
        Assert.Equal(9, values.Average(value => value * value), 5 * 9 * Math.Sqrt(2.0 / count));
    }

    [Fact]
    public void A_weight_is_drawn_at_the_step_of_its_place_whatever_the_weights_before_it_are()
    {
        parameters.AddConstant("a", [3], 7);
        parameters.AddStatistic("b", [4], 1);
        Parameter normal = parameters.AddNormal("c", [5], 1);
        Parameter uniform = parameters.AddUniform("d", [5], 0.5f);

        parameters.Build(TestData.Key());

        float[] expected = new float[5];
        Noise.FillUniform(TestData.Key(2), expected, 0.5f);
        Assert.Equal(Noise.Normal(TestData.Key(1), [5]).Bits(), normal.Value.Bits());
        Assert.Equal(expected, uniform.Value.Values());
    }

    [Fact]
    public void Weights_and_statistics_are_counted_before_they_have_memory_and_need_none_to_be_freed()
    {
        using ParameterSet declared = new();
        declared.AddNormal("w", [4, 5], 1);
        declared.AddStatistic("s", [3], 1);

        Assert.Equal(20, declared.Count);
    }
}
