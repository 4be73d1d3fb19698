using NoProp.Host.Plots;
using NoProp.Host.Tests.Processes;
using NoProp.Host.Tests.Runs;
using SkiaSharp;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>The picture of the class embeddings.</summary>
public sealed class EmbeddingFigureTests
{
    private static readonly string[] Classes = ["a", "b", "c"];

    [Theory]
    [InlineData(20, 1)]
    [InlineData(64, 1)]
    [InlineData(192, 3)]
    public void Is_twice_as_high_with_the_beginning_as_without(int size, int channels)
    {
        float[] w = [.. Enumerable.Range(0, Classes.Length * size).Select(i => MathF.Sin(i))];
        using SKBitmap one = Decode(EmbeddingFigure.Draw(null, w, Classes, new(channels, 8, 8)));
        using SKBitmap two = Decode(EmbeddingFigure.Draw(w, w, Classes, new(channels, 8, 8)));

        Assert.Equal((one.Width, 2 * one.Height), (two.Width, two.Height));
    }

    [Fact]
    public void Equal_numbers_can_be_drawn() => Assert.NotEmpty(EmbeddingFigure.Draw(null, new float[3 * 64], Classes, new(1, 8, 8)));

    [Theory]
    [InlineData(7, 7)]
    [InlineData(6, 9)]
    [InlineData(0, 0)]
    public void Matrices_that_do_not_fit_are_refused(int before, int after) =>
        Assert.Throws<ArgumentException>(() => EmbeddingFigure.Draw(new float[before], new float[after], Classes, new(1, 8, 8)));

    private static SKBitmap Decode(byte[] png) => SKBitmap.Decode(png);
}

/// <summary><c>noprop evaluate --embeddings</c>.</summary>
[Collection(ProcessTests.Name)]
public sealed class EvaluateEmbeddingsTests(SmallRun run)
{
    [Fact]
    public async Task A_run_with_fixed_embeddings_has_none_to_draw()
    {
        string path = await run.PathAsync();

        ProcessResult result = await NopropProcess.RunAsync(path, "evaluate", path, "--embeddings");

        Assert.Contains("fixed one-hot embeddings", result.SingleError(exitCode: 1), StringComparison.Ordinal);
    }
}
