using NoProp.Models.Data;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

public sealed class TimeConditionedDenoiserTests : IDisposable
{
    private const int Count = 6;

    private static readonly ImageShape Shape = new(1, 16, 14);

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Tensor images = Noise.Normal(TestData.Key(1), [Count, 1, 16, 14]);
    private readonly Tensor t = linspace(0, 1, Count, ScalarType.Float32);

    public static TheoryData<NetworkKind, LabelPathway> Layouts => new()
    {
        { NetworkKind.Compact, LabelPathway.Vector },
        { NetworkKind.Compact, LabelPathway.Image },
        { NetworkKind.Paper, LabelPathway.Vector },
        { NetworkKind.Paper, LabelPathway.Image },
    };

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void It_gives_one_logit_for_each_class(NetworkKind kind, LabelPathway label)
    {
        using TimeConditionedDenoiser network = Create(kind, label);

        Assert.Equal([Count, TestData.Classes], Logits(network, images, Z(label), t).shape);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void The_logits_depend_on_the_image_the_noisy_label_and_the_time(NetworkKind kind, LabelPathway label)
    {
        using TimeConditionedDenoiser network = Create(kind, label);
        float[] all = Logits(network, images, Z(label), t).Values();

        Assert.NotEqual(all, Logits(network, zeros_like(images), Z(label), t).Values());
        Assert.NotEqual(all, Logits(network, images, zeros_like(Z(label)), t).Values());
        Assert.NotEqual(all, Logits(network, images, Z(label), zeros_like(t)).Values());
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Without_batch_normalisation_a_row_does_not_depend_on_its_neighbours(NetworkKind kind, LabelPathway label)
    {
        using TimeConditionedDenoiser network = Create(kind, label);
        double[][] together = Logits(network, images, Z(label), t).Rows();

        double[] alone = Logits(network, images.narrow(0, 2, 1), Z(label).narrow(0, 2, 1), t.narrow(0, 2, 1)).Rows()[0];

        Assert.All(together[2].Zip(alone), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Empty(network.Parameters.Statistics);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_weight_gets_a_gradient(NetworkKind kind, LabelPathway label)
    {
        using TimeConditionedDenoiser network = Create(kind, label);

        ForwardPass pass = new(TestData.Key(3));
        nn.functional.cross_entropy(
            network.Logits(network.ImageFeatures(images, pass), Z(label), t, pass), zeros(Count, ScalarType.Int64)).backward();

        Assert.All(network.Parameters.Weights, weight => Assert.True(weight.Value.grad?.abs().max().item<float>() > 0, weight.Name));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void The_names_of_its_tensors_are_unique(NetworkKind kind, LabelPathway label)
    {
        using TimeConditionedDenoiser network = Create(kind, label);

        string[] names = [.. network.Parameters.Weights.Select(parameter => parameter.Name)];
        Assert.Equal(names, names.Distinct());
    }

    [Fact]
    public void Dropout_in_training_depends_on_its_key_alone()
    {
        using TimeConditionedDenoiser network = Create(NetworkKind.Paper, LabelPathway.Image);
        Tensor z = Z(LabelPathway.Image);

        float[] Trained(long step)
        {
            ForwardPass pass = new(TestData.Key(step));
            return network.Logits(network.ImageFeatures(images, pass), z, t, pass).Values();
        }

        Assert.Equal(Trained(0), Trained(0));
        Assert.NotEqual(Trained(0), Trained(1));
    }

    [Fact]
    public void The_paper_network_on_MNIST_has_these_layers()
    {
        using TimeConditionedDenoiser network = new(NetworkSettings.Paper, TestData.Mnist, 10, 10, TestData.Key());

        Assert.Equal(
            [
                ("image.conv1", 320),
                ("image.conv2", 18_496),
                ("image.conv3", 73_856),
                ("image.output", 524_544),
                ("label.fc1", 2_816),
                ("time.fc1", 16_640),
                ("fused.fc1", 196_864),
                ("fused.fc2", 32_896),
                ("fused.output", 1_290),
            ],
            Layers(network.Parameters));
    }

    [Fact]
    public void The_compact_network_on_MNIST_has_these_layers()
    {
        using TimeConditionedDenoiser network = new(NetworkSettings.Compact, TestData.Mnist, 10, 10, TestData.Key());

        Assert.Equal(
            [
                ("image.conv1", 320),
                ("image.conv2", 18_496),
                ("image.output", 62_740),
                ("label.fc1", 704),
                ("time.fc1", 4_160),
                ("fused.fc1", 9_536),
                ("fused.output", 650),
            ],
            Layers(network.Parameters));
    }

    [Fact]
    public void The_compact_network_reads_prototypes_with_a_second_encoder()
    {
        using TimeConditionedDenoiser network =
            new(NetworkSettings.Compact, TestData.Mnist, 10, 784, TestData.Key(), LabelPathway.Image);

        Assert.Equal(
            [("label.conv1", 320), ("label.conv2", 18_496), ("label.output", 200_768)],
            Layers(network.Parameters).Where(layer => layer.Name.StartsWith("label", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(NetworkKind.Compact, 3)]
    [InlineData(NetworkKind.Paper, 13)]
    public void Images_too_small_for_it_are_refused(NetworkKind kind, int size) =>
        Assert.Throws<NoPropException>(() => new TimeConditionedDenoiser(Settings(kind), new(1, size, size), 10, 10, TestData.Key()));

    [Fact]
    public void An_embedding_that_is_no_image_is_refused_with_both_sizes()
    {
        NoPropException refusal = Assert.Throws<NoPropException>(() =>
            new TimeConditionedDenoiser(NetworkSettings.Compact, TestData.Mnist, 10, 20, TestData.Key(), LabelPathway.Image));

        Assert.All(["784", "20"], word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    private static int EmbeddingSize(LabelPathway label) => label == LabelPathway.Image ? Shape.Pixels : 5;

    private static Tensor Z(LabelPathway label) => Noise.Normal(TestData.Key(2), [Count, EmbeddingSize(label)]);

    private static NetworkSettings Settings(NetworkKind kind) =>
        kind == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact;

    private static TimeConditionedDenoiser Create(NetworkKind kind, LabelPathway label) =>
        new(Settings(kind), Shape, TestData.Classes, EmbeddingSize(label), TestData.Key(), label);

    private static Tensor Logits(TimeConditionedDenoiser network, Tensor images, Tensor z, Tensor t) =>
        network.Logits(network.ImageFeatures(images, ForwardPass.Inference), z, t, ForwardPass.Inference);

    /// <summary>Weights and biases of each layer together, in order.</summary>
    private static (string Name, long Count)[] Layers(ParameterSet parameters) =>
    [
        .. parameters.Weights
            .GroupBy(parameter => parameter.Name[..parameter.Name.LastIndexOf('.')])
            .Select(layer => (layer.Key, layer.Sum(parameter => parameter.Count))),
    ];
}
