using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class NearestTests
{
    [Theory]
    [InlineData("asnyc", "async")]
    [InlineData("LOCKSTEP", "lockstep")]
    [InlineData("sample", "sampled")]
    [InlineData("xyzzy", null)]
    public void A_mistyped_word_is_recognised_and_a_strange_one_is_not(string word, string? meant) =>
        Assert.Equal(meant, Nearest.Of(word, ["async", "lockstep", "sampled"]));
}
