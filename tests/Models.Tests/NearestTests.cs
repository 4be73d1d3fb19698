using Xunit;

namespace NoProp.Models.Tests;

public sealed class NearestTests
{
    private static readonly string[] Names = ["digits", "mnist", "fashion-mnist"];

    [Theory]
    [InlineData("minst", "mnist")]
    [InlineData("mnst", "mnist")]
    [InlineData("MNIST", "mnist")]
    [InlineData("digit", "digits")]
    [InlineData("fashion", "fashion-mnist")]
    [InlineData("fashionmnist", "fashion-mnist")]
    public void A_slip_of_the_keyboard_is_near(string word, string expected) => Assert.Equal(expected, Nearest.Of(word, Names));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("imagenet")]
    [InlineData("cifar10")]
    public void Another_word_is_not_near(string word) => Assert.Null(Nearest.Of(word, Names));

    [Fact]
    public void Nothing_is_near_where_there_are_no_candidates() => Assert.Null(Nearest.Of("mnist", []));
}
