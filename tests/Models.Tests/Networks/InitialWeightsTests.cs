using NoProp.Models.Methods;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

public sealed class InitialWeightsTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public static TheoryData<NetworkKind> Kinds => [NetworkKind.Compact, NetworkKind.Paper];

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Initial_weights_lie_within_one_over_the_root_of_the_inputs(NetworkKind kind)
    {
        using Denoiser network = Create(kind);

        Assert.All(Drawn(network), parameter => Assert.True(Largest(parameter) <= Bound(network, parameter) * (1 + 1e-6), parameter.Name));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Initial_weights_fill_their_range_evenly(NetworkKind kind)
    {
        using Denoiser network = Create(kind);

        // A uniform number in +-bound has variance bound^2 / 3; its sample of n has a relative standard error of sqrt(0.8 / n).
        Assert.All(Drawn(network).Where(parameter => parameter.Count >= 64), parameter =>
        {
            double ratio = parameter.Value.Values().Average(value => (double)value * value) * 3 / Math.Pow(Bound(network, parameter), 2);
            Assert.True(Math.Abs(ratio - 1) <= 5 * Math.Sqrt(0.8 / parameter.Count), $"{parameter.Name}: {ratio}");
        });
    }

    [Fact]
    public void Batch_normalisation_begins_as_the_identity()
    {
        using Denoiser network = Create(NetworkKind.Paper);

        Assert.All(network.Parameters.Weights.Concat(network.Parameters.Statistics).Where(IsNorm), parameter =>
        {
            float expected = parameter.Name.Split('.')[^1] is "weight" or "running_var" ? 1 : 0;
            Assert.All(parameter.Value.Values(), value => Assert.Equal(expected, value));
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_network_built_twice_has_the_same_bits(NetworkKind kind)
    {
        using Denoiser first = Create(kind);
        using Denoiser second = Create(kind);

        Assert.Equal(first.Parameters.Flat.Bits(), second.Parameters.Flat.Bits());
    }

    [Fact]
    public void Every_layer_has_weights_of_its_own()
    {
        using Denoiser network = Create(NetworkKind.Paper);

        Parameter[] layers = [.. network.Parameters.Weights.Where(parameter => parameter.Name is "label.fc2.weight" or "label.fc3.weight")];
        Assert.NotEqual(layers[0].Value.Values(), layers[1].Value.Values());
    }

    [Fact]
    public void Every_block_has_weights_of_its_own()
    {
        DiscreteTime method = TestData.Method();
        using Denoiser first = method.CreateNetwork(new BlockId(1));
        using Denoiser second = method.CreateNetwork(new BlockId(2));

        Assert.NotEqual(first.Parameters.Flat.Values(), second.Parameters.Flat.Values());
    }

    [Fact]
    public void The_seed_changes_the_initial_weights()
    {
        using Denoiser first = TestData.Method(seed: 1).CreateNetwork(new BlockId(1));
        using Denoiser second = TestData.Method(seed: 2).CreateNetwork(new BlockId(1));

        Assert.NotEqual(first.Parameters.Flat.Values(), second.Parameters.Flat.Values());
    }

    [Fact]
    public void The_names_of_a_networks_tensors_are_unique()
    {
        using Denoiser network = Create(NetworkKind.Paper);

        string[] names = [.. network.Parameters.Weights.Concat(network.Parameters.Statistics).Select(parameter => parameter.Name)];
        Assert.Equal(names, names.Distinct());
    }

    [Fact]
    public void Every_weight_is_a_view_of_the_flat_memory_in_order()
    {
        using Denoiser network = Create(NetworkKind.Paper);
        using IDisposable guard = no_grad();

        network.Parameters.Flat.copy_(tensor([.. Enumerable.Range(0, (int)network.Parameters.Count).Select(i => (float)i)]));

        Assert.Equal(network.Parameters.Flat.Values(), network.Parameters.Weights.SelectMany(parameter => parameter.Value.Values()));
    }

    private static Denoiser Create(NetworkKind kind)
    {
        NetworkSettings settings = kind == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact;
        return new(settings, TestData.Mnist, TestData.Classes, TestData.Classes, TestData.Key());
    }

    private static bool IsNorm(Parameter parameter) => parameter.Name.Contains("norm", StringComparison.Ordinal);

    private static IEnumerable<Parameter> Drawn(Denoiser network) => network.Parameters.Weights.Where(parameter => !IsNorm(parameter));

    private static float Largest(Parameter parameter) => parameter.Value.Values().Max(Math.Abs);

    /// <summary>1 / sqrt(inputs of one output), which for a bias are those of its layer's weight.</summary>
    private static double Bound(Denoiser network, Parameter parameter)
    {
        string layer = parameter.Name[..parameter.Name.LastIndexOf('.')];
        Parameter weight = network.Parameters.Weights.Single(candidate => candidate.Name == layer + ".weight");
        return 1 / Math.Sqrt((double)weight.Count / weight.Shape[0]);
    }
}
