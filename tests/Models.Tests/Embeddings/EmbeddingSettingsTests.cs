using NoProp.Models.Embeddings;
using Xunit;

namespace NoProp.Models.Tests.Embeddings;

public sealed class EmbeddingSettingsTests
{
    [Theory]
    [InlineData("one-hot", EmbeddingKind.OneHot, 20)]
    [InlineData("learned", EmbeddingKind.Learned, 20)]
    [InlineData("learned:20", EmbeddingKind.Learned, 20)]
    [InlineData("learned:1", EmbeddingKind.Learned, 1)]
    [InlineData("learned:65536", EmbeddingKind.Learned, 65536)]
    [InlineData("prototype", EmbeddingKind.Prototype, 20)]
    public void A_kind_and_its_size_are_read_from_text(string text, EmbeddingKind kind, int size)
    {
        Assert.True(EmbeddingSettings.TryParse(text, out EmbeddingSettings? settings));

        Assert.Equal(new EmbeddingSettings(kind, size), settings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("One-Hot")]
    [InlineData("one-hot:10")]
    [InlineData("prototype:784")]
    [InlineData("learned:")]
    [InlineData("learned:0")]
    [InlineData("learned:-3")]
    [InlineData("learned: 20")]
    [InlineData("learned:20:1")]
    [InlineData("learned:2.5")]
    [InlineData("learned:65537")]
    [InlineData("learned:99999999999999999999")]
    public void Other_text_is_no_embedding(string text)
    {
        Assert.False(EmbeddingSettings.TryParse(text, out EmbeddingSettings? settings));

        Assert.Null(settings);
    }

    [Theory]
    [InlineData("one-hot")]
    [InlineData("learned:7")]
    [InlineData("prototype")]
    public void The_name_of_an_embedding_is_the_text_that_it_is_read_from(string text)
    {
        EmbeddingSettings settings = Parse(text);

        Assert.Equal(text, settings.Name);
    }

    [Theory]
    [InlineData("one-hot", EmbeddingInit.Orthogonal)]
    [InlineData("learned", EmbeddingInit.Orthogonal)]
    [InlineData("prototype", EmbeddingInit.Prototype)]
    public void An_embedding_begins_as_is_usual_for_its_kind_and_shares_its_moments(string text, EmbeddingInit usual)
    {
        EmbeddingSettings settings = Parse(text);

        Assert.Equal(usual, settings.Init);
        Assert.Equal(MomentSharing.Shared, settings.Moments);
    }

    [Theory]
    [InlineData("one-hot", 10)]
    [InlineData("learned:33", 33)]
    [InlineData("prototype", 784)]
    public void The_length_of_a_row_of_W_follows_from_the_kind(string text, int d)
    {
        EmbeddingSettings settings = Parse(text);

        Assert.Equal(d, settings.Dimension(classes: 10, pixels: 784));
    }

    private static EmbeddingSettings Parse(string text) =>
        EmbeddingSettings.TryParse(text, out EmbeddingSettings? settings) ? settings : throw new ArgumentException(text, nameof(text));
}
