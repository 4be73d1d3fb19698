using NoProp.Models.Data;
using NoProp.Models.Networks;
using Xunit;

namespace NoProp.Models.Tests.Networks;

/// <summary>The layers of a block in discrete time, and the images that they fit. Table5Tests has the counts of whole networks.</summary>
public sealed class NetworkSizeTests
{
    [Fact]
    public void The_paper_network_on_MNIST_has_these_layers()
    {
        using Denoiser network = Create(NetworkSettings.Paper, TestData.Mnist);

        Assert.Equal(
            [
                ("image.conv1", 320),
                ("image.conv2", 18_496),
                ("image.conv3", 73_856),
                ("image.output", 524_544),
                ("image.norm", 512),
                ("label.fc1", 2_816),
                ("label.fc2", 65_792),
                ("label.fc3", 65_792),
                ("label.norm1", 512),
                ("label.norm2", 512),
                ("label.norm3", 512),
                ("fused.fc1", 131_328),
                ("fused.norm1", 512),
                ("fused.fc2", 32_896),
                ("fused.norm2", 256),
                ("fused.output", 1_290),
            ],
            Layers(network));
    }

    [Fact]
    public void The_compact_network_on_MNIST_has_these_layers()
    {
        using Denoiser network = Create(NetworkSettings.Compact, TestData.Mnist);

        Assert.Equal(
            [
                ("image.conv1", 320),
                ("image.conv2", 18_496),
                ("image.output", 62_740),
                ("label.fc1", 704),
                ("label.fc2", 4_160),
                ("fused.fc1", 5_440),
                ("fused.output", 650),
            ],
            Layers(network));
    }

    [Theory]
    [InlineData(1, 28, 92_672, 524_544)]
    [InlineData(3, 32, 93_248, 819_456)]
    public void The_papers_convolutions_and_the_layer_behind_them_have_these_weights(
        int channels, int size, long convolutions, long output)
    {
        using Denoiser network = Create(NetworkSettings.Paper, new(channels, size, size));

        (string Name, long Count)[] layers = Layers(network);
        Assert.Equal(
            (convolutions, output),
            (layers.Where(layer => layer.Name.StartsWith("image.conv", StringComparison.Ordinal)).Sum(layer => layer.Count),
                layers.Single(layer => layer.Name == "image.output").Count));
    }

    [Fact]
    public void The_paper_network_on_MNIST_has_919_946_weights() => Assert.Equal(919_946, Count(NetworkSettings.Paper, TestData.Mnist));

    [Fact]
    public void The_compact_network_on_MNIST_has_92_510_weights() => Assert.Equal(92_510, Count(NetworkSettings.Compact, TestData.Mnist));

    [Fact]
    public void Batch_normalisation_has_two_statistics_for_each_of_its_features()
    {
        using Denoiser network = Create(NetworkSettings.Paper, TestData.Mnist);

        Assert.Equal(2 * (256 + 3 * 256 + 256 + 128), network.Parameters.FlatStatistics.numel());
    }

    [Theory]
    [InlineData(NetworkKind.Compact, 4)]
    [InlineData(NetworkKind.Compact, 8)]
    [InlineData(NetworkKind.Paper, 14)]
    public void A_network_fits_images_down_to_its_smallest(NetworkKind kind, int size)
    {
        using Denoiser network = Create(Settings(kind), new(1, size, size));

        Assert.True(network.Parameters.Count > 0);
    }

    [Theory]
    [InlineData(NetworkKind.Compact, 3, 3, "compact", "4x4", "3x3")]
    [InlineData(NetworkKind.Compact, 28, 3, "compact", "4x4", "28x3")]
    [InlineData(NetworkKind.Paper, 8, 8, "paper", "14x14", "8x8")]
    [InlineData(NetworkKind.Paper, 13, 28, "paper", "14x14", "13x28")]
    public void Images_too_small_for_a_network_are_refused_with_both_sizes(
        NetworkKind kind, int height, int width, string name, string least, string given)
    {
        NoPropException refusal = Assert.Throws<NoPropException>(() => Create(Settings(kind), new(1, height, width)));

        Assert.All([name, least, given], word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    private static NetworkSettings Settings(NetworkKind kind) =>
        kind == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact;

    private static Denoiser Create(NetworkSettings settings, ImageShape shape, int classes = 10, int embeddingSize = 10) =>
        new(settings, shape, classes, embeddingSize, TestData.Key());

    private static long Count(NetworkSettings settings, ImageShape shape, int classes = 10, int embeddingSize = 10)
    {
        using Denoiser network = Create(settings, shape, classes, embeddingSize);
        return network.Parameters.Count;
    }

    /// <summary>Weights and biases of each layer together, in order.</summary>
    private static (string Name, long Count)[] Layers(Denoiser network) =>
    [
        .. network.Parameters.Weights
            .GroupBy(parameter => parameter.Name[..parameter.Name.LastIndexOf('.')])
            .Select(layer => (layer.Key, layer.Sum(parameter => parameter.Count))),
    ];
}
