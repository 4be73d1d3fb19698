using NoProp.Actors.Hosting;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Reproduction.Rows;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>How much training a row gets.</summary>
public sealed class ScaleTests
{
    [Theory]
    [InlineData("dt", "mnist", 100)]
    [InlineData("adjoint", "mnist", 2)]
    [InlineData("backprop", "cifar10", 150)]
    [InlineData("fm", "cifar10", 500)]
    [InlineData("ct", "cifar100", 1000)]
    [InlineData("adjoint", "cifar100", 4)]
    [InlineData("dt", "folder:/images", 150)]
    public void Without_a_scale_a_row_gets_the_papers_epochs_and_all_images(string method, string data, int epochs)
    {
        Budget budget = Scale.Parse(null).Of(method, PaperEmbeddings.OneHot, data, images: 50_000, curve: false);

        Assert.Equal((epochs, 50_000), (budget.Epochs, budget.Images));
    }

    [Fact]
    public void A_fraction_scales_epochs_and_images() =>
        Assert.Equal((10, 6_000), Sizes(Scale.Parse("0.1").Of("dt", PaperEmbeddings.OneHot, "mnist", 60_000, curve: false)));

    [Fact]
    public void A_small_fraction_leaves_one_epoch_and_one_mini_batch() =>
        Assert.Equal((1, 128), Sizes(Scale.Parse("0.0001").Of("adjoint", PaperEmbeddings.OneHot, "mnist", 60_000, curve: false)));

    [Fact]
    public void A_data_set_smaller_than_a_mini_batch_is_used_whole() =>
        Assert.Equal(50, Scale.Parse("0.1").Of("dt", PaperEmbeddings.OneHot, "mnist", 50, curve: false).Images);

    [Fact]
    public void The_small_budget_uses_as_many_images_as_the_digits_have() =>
        Assert.Equal(1_500, Scale.Parse("small").Of("dt", PaperEmbeddings.OneHot, "mnist", 60_000, curve: false).Images);

    [Fact]
    public void Every_method_has_a_small_budget() =>
        Assert.All(PaperMethods.All, method => Assert.InRange(Scale.Parse("small").Of(method, PaperEmbeddings.OneHot, "digits", 1_500, curve: true).Epochs, 1, 200));

    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("smal")]
    public void Anything_else_is_refused(string text)
    {
        SettingsException refusal = Assert.Throws<SettingsException>(() => Scale.Parse(text));

        Assert.Equal($"--scale {text}: must be small, or a number above 0 and at most 1", refusal.Message);
    }

    [Theory]
    [InlineData(null, "mnist", "All epochs and all images of the paper's Table 4.")]
    [InlineData("0.1", "mnist", "10% of the epochs, at least one, and 10% of the images")]
    [InlineData("0.1", "digits", "which has no digits: the epochs are those of mnist")]
    [InlineData("small", "digits", "30 epochs for dt")]
    public void A_scale_says_in_words_what_it_is(string? text, string data, string words) =>
        Assert.Contains(words, Scale.Parse(text).InWords(data), StringComparison.Ordinal);

    private static (int Epochs, int Images) Sizes(Budget budget) => (budget.Epochs, budget.Images);
}
