using NoProp.Models.Data;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

public sealed class DenoiserTests : IDisposable
{
    private const int Count = 8;
    private const int EmbeddingSize = 20;

    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly Denoiser paper = new(NetworkSettings.Paper, TestData.Mnist, TestData.Classes, EmbeddingSize, TestData.Key());
    private readonly Denoiser compact = new(NetworkSettings.Compact, TestData.Mnist, TestData.Classes, EmbeddingSize, TestData.Key());
    private readonly Tensor images = Noise.Normal(TestData.Key(1), [Count, 1, 28, 28]);
    private readonly Tensor z = Noise.Normal(TestData.Key(2), [Count, EmbeddingSize]);

    public void Dispose()
    {
        paper.Dispose();
        compact.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void The_compact_network_gives_one_logit_for_each_class() =>
        Assert.Equal([Count, TestData.Classes], compact.Logits(images, z, ForwardPass.Inference).shape);

    [Fact]
    public void The_paper_network_gives_one_logit_for_each_class() =>
        Assert.Equal([Count, TestData.Classes], paper.Logits(images, z, ForwardPass.Inference).shape);

    [Theory]
    [InlineData(NetworkKind.Compact, 1, 9, 14)]
    [InlineData(NetworkKind.Compact, 3, 4, 7)]
    [InlineData(NetworkKind.Paper, 3, 32, 32)]
    [InlineData(NetworkKind.Paper, 1, 14, 19)]
    public void Images_of_odd_and_oblong_sizes_pass(NetworkKind kind, int channels, int height, int width)
    {
        NetworkSettings settings = kind == NetworkKind.Paper ? NetworkSettings.Paper : NetworkSettings.Compact;
        using Denoiser network = new(settings, new ImageShape(channels, height, width), 7, 3, TestData.Key());

        Tensor logits = network.Logits(zeros(2, channels, height, width), zeros(2, 3), ForwardPass.Inference);

        Assert.Equal([2, 7], logits.shape);
    }

    [Fact]
    public void Inference_gives_the_same_bits_every_time() =>
        Assert.Equal(paper.Logits(images, z, ForwardPass.Inference).Bits(), paper.Logits(images, z, ForwardPass.Inference).Bits());

    [Fact]
    public void Inference_changes_no_running_statistic()
    {
        byte[] before = paper.Parameters.FlatStatistics.Bits();

        paper.Logits(images, z, ForwardPass.Inference);

        Assert.Equal(before, paper.Parameters.FlatStatistics.Bits());
    }

    [Fact]
    public void Inference_depends_on_the_running_statistics()
    {
        float[] before = paper.Logits(images, z, ForwardPass.Inference).Values();

        paper.Parameters.FlatStatistics.TimesInPlace(0.5);

        Assert.NotEqual(before, paper.Logits(images, z, ForwardPass.Inference).Values());
    }

    [Fact]
    public void A_training_pass_does_not_depend_on_the_running_statistics()
    {
        byte[] before = paper.Logits(images, z, Training(0)).Bits();

        paper.Parameters.FlatStatistics.TimesInPlace(0.5);

        Assert.Equal(before, paper.Logits(images, z, Training(0)).Bits());
    }

    [Fact]
    public void A_training_pass_moves_every_running_mean()
    {
        paper.Logits(images, z, Training(0));

        Assert.All(
            paper.Parameters.Statistics.Where(statistic => statistic.Name.EndsWith("running_mean", StringComparison.Ordinal)),
            statistic => Assert.True(statistic.Value.abs().max().item<float>() > 0, statistic.Name));
    }

    [Fact]
    public void Dropout_depends_on_its_key() =>
        Assert.NotEqual(paper.Logits(images, z, Training(0)).Values(), paper.Logits(images, z, Training(1)).Values());

    [Fact]
    public void Dropout_with_the_same_key_is_the_same_bit_for_bit() =>
        Assert.Equal(paper.Logits(images, z, Training(0)).Bits(), paper.Logits(images, z, Training(0)).Bits());

    [Fact]
    public void The_compact_network_trains_as_it_infers() =>
        Assert.Equal(compact.Logits(images, z, ForwardPass.Inference).Bits(), compact.Logits(images, z, Training(0)).Bits());

    [Fact]
    public void The_logits_depend_on_the_image()
    {
        float[] black = compact.Logits(zeros_like(images), z, ForwardPass.Inference).Values();

        Assert.NotEqual(black, compact.Logits(images, z, ForwardPass.Inference).Values());
    }

    [Fact]
    public void The_logits_depend_on_the_noisy_label()
    {
        float[] without = paper.Logits(images, zeros_like(z), ForwardPass.Inference).Values();

        Assert.NotEqual(without, paper.Logits(images, z, ForwardPass.Inference).Values());
    }

    [Fact]
    public void A_classifier_gives_probabilities_that_are_the_softmax_of_its_logits_Equation_14()
    {
        using Classifier classifier = new(EmbeddingSize, TestData.Classes, TestData.Key());
        double[][] expected = [.. classifier.Logits(z).Rows().Select(TestData.Softmax)];

        double[][] probabilities = classifier.Probabilities(z).Rows();

        Assert.All(
            expected.SelectMany(row => row).Zip(probabilities.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    private static ForwardPass Training(long step) => new(TestData.Key(step));
}
