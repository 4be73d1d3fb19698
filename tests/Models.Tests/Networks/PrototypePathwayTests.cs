using NoProp.Models.Data;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

/// <summary>A block in discrete time whose label embedding is an image.</summary>
public sealed class PrototypePathwayTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(NetworkKind.Compact, 1, 9, 14)]
    [InlineData(NetworkKind.Compact, 3, 8, 8)]
    [InlineData(NetworkKind.Paper, 1, 14, 19)]
    [InlineData(NetworkKind.Paper, 3, 32, 32)]
    [InlineData(NetworkKind.Paper, 1, 64, 64)]
    [InlineData(NetworkKind.Paper, 1, 67, 70)]
    public void A_noisy_prototype_gives_one_logit_for_each_class(NetworkKind kind, int channels, int height, int width)
    {
        ImageShape shape = new(channels, height, width);
        using Denoiser network = Create(kind, shape);

        Tensor logits = network.Logits(zeros(2, channels, height, width), zeros(2, shape.Pixels), ForwardPass.Inference);

        Assert.Equal([2, TestData.Classes], logits.shape);
    }

    [Fact]
    public void A_paper_block_reads_the_prototype_with_convolutions_like_the_images()
    {
        using Denoiser network = Create(NetworkKind.Paper, TestData.Mnist);

        (string Name, string Shape)[] Pathway(string name) =>
        [
            .. network.Parameters.Weights.Concat(network.Parameters.Statistics)
                .Where(parameter => parameter.Name.StartsWith(name + ".", StringComparison.Ordinal))
                .Select(parameter => (parameter.Name[(name.Length + 1)..], string.Join('x', parameter.Shape))),
        ];

        Assert.Equal(Pathway("image"), Pathway("label"));
        Assert.Equal(12, Pathway("label").Length);
    }

    [Fact]
    public void The_logits_depend_on_the_noisy_prototype()
    {
        using Denoiser network = Create(NetworkKind.Paper, TestData.Mnist);
        Tensor images = Noise.Normal(TestData.Key(1), [4, 1, 28, 28]);
        Tensor z = Noise.Normal(TestData.Key(2), [4, 784]);

        Assert.NotEqual(
            network.Logits(images, z, ForwardPass.Inference).Values(), network.Logits(images, zeros_like(z), ForwardPass.Inference).Values());
    }

    [Fact]
    public void The_prototype_is_read_row_by_row_as_an_image()
    {
        using ParameterSet parameters = new();
        ImageShape shape = new(3, 14, 20);
        LabelEncoder label = LabelEncoder.CreateImage(parameters, NetworkSettings.Paper, shape, shape.Pixels, ImageOutput.Relu);
        using ParameterSet same = new();
        ImageEncoder image = ImageEncoder.Create(same, NetworkSettings.Paper, shape, ImageOutput.Relu);
        parameters.Build(TestData.Key());
        same.Build(TestData.Key());
        Tensor images = Noise.Normal(TestData.Key(1), [2, 3, 14, 20]);

        Assert.Equal(image.Forward(images, ForwardPass.Inference).Bits(), label.Forward(images.flatten(1), ForwardPass.Inference).Bits());
    }

    [Fact]
    public void The_two_pathways_of_a_block_drop_other_values()
    {
        using ParameterSet parameters = new();
        LabelEncoder label = LabelEncoder.CreateImage(parameters, NetworkSettings.Paper, TestData.Mnist, 784, ImageOutput.Relu);
        using ParameterSet same = new();
        ImageEncoder image = ImageEncoder.Create(same, NetworkSettings.Paper, TestData.Mnist, ImageOutput.Relu);
        parameters.Build(TestData.Key());
        same.Build(TestData.Key());
        Tensor images = Noise.Normal(TestData.Key(1), [2, 1, 28, 28]);
        ForwardPass training = new(TestData.Key(2));

        Assert.NotEqual(image.Forward(images, training).Values(), label.Forward(images.flatten(1), training).Values());
    }

    [Theory]
    [InlineData(NetworkKind.Compact, 3)]
    [InlineData(NetworkKind.Paper, 13)]
    public void Images_too_small_for_the_layout_are_refused(NetworkKind kind, int size) =>
        Assert.Throws<NoPropException>(() => Create(kind, new(1, size, size)));

    [Fact]
    public void An_embedding_that_is_no_image_is_refused_with_both_sizes()
    {
        NoPropException refusal = Assert.Throws<NoPropException>(() =>
            new Denoiser(NetworkSettings.Paper, TestData.Mnist, 10, 20, TestData.Key(), LabelPathway.Image));

        Assert.All(["784", "20"], word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    private static Denoiser Create(NetworkKind kind, ImageShape shape) =>
        new(
            kind == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact,
            shape,
            TestData.Classes,
            shape.Pixels,
            TestData.Key(),
            LabelPathway.Image);
}
