using NoProp.Models.Embeddings;
using NoProp.Models.Randomness;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Embeddings;

public sealed class InitialEmbeddingTests
{
    private const int Classes = 10;
    private const int Pixels = 64;

    public static TheoryData<EmbeddingSettings> Drawn =>
    [
        new EmbeddingSettings(EmbeddingKind.Learned),
        new EmbeddingSettings(EmbeddingKind.Learned) { Init = EmbeddingInit.Random },
        new EmbeddingSettings(EmbeddingKind.Prototype) { Init = EmbeddingInit.Orthogonal },
        new EmbeddingSettings(EmbeddingKind.Prototype) { Init = EmbeddingInit.Random },
        new EmbeddingSettings(EmbeddingKind.Learned, 4),
    ];

    [Fact]
    public void A_one_hot_W_is_the_identity_whatever_its_initialisation()
    {
        float[] w = Create(new EmbeddingSettings(EmbeddingKind.OneHot) { Init = EmbeddingInit.Random });

        Assert.Equal(Enumerable.Range(0, Classes * Classes).Select(i => i % (Classes + 1) == 0 ? 1f : 0f), w);
    }

    [Theory]
    [InlineData(EmbeddingKind.Learned, 10)]
    [InlineData(EmbeddingKind.Learned, 20)]
    [InlineData(EmbeddingKind.Prototype, Pixels)]
    public void An_orthogonal_W_has_orthonormal_rows(EmbeddingKind kind, int d)
    {
        double[][] rows = Rows(Create(new EmbeddingSettings(kind, d) { Init = EmbeddingInit.Orthogonal }), d);

        AssertOrthonormal(rows);
    }

    [Fact]
    public void A_large_square_orthogonal_W_has_orthonormal_rows_too()
    {
        const int m = 200;

        AssertOrthonormal(Rows(InitialEmbedding.Create(new EmbeddingSettings(EmbeddingKind.Learned, m), m, Pixels, 1, None), m));
    }

    [Fact]
    public void An_orthogonal_W_spans_with_each_row_what_the_noise_spans()
    {
        // Row 0 of Gram-Schmidt is the normalised noise itself, so the noise comes from its own address and from nowhere else.
        using Tensor noise = Noise.Normal(new NoiseKey(5, NoiseStream.Embedding), [Classes, 20]);
        double[] first = noise.Rows()[0];
        double norm = Math.Sqrt(first.Sum(value => value * value));

        double[] row = Rows(Create(new EmbeddingSettings(EmbeddingKind.Learned), seed: 5), 20)[0];

        Assert.All(first.Zip(row), pair => Assert.Equal(pair.First / norm, pair.Second, 1e-6));
    }

    [Theory]
    [InlineData(EmbeddingInit.Orthogonal, 4)]
    [InlineData(EmbeddingInit.Random, 4)]
    [InlineData(EmbeddingInit.Random, 20)]
    public void A_random_W_or_one_with_too_few_columns_for_orthogonal_rows_is_standard_normal_noise(EmbeddingInit init, int d)
    {
        using Tensor noise = Noise.Normal(new NoiseKey(5, NoiseStream.Embedding), [Classes, d]);

        Assert.Equal(noise.Values(), Create(new EmbeddingSettings(EmbeddingKind.Learned, d) { Init = init }, seed: 5));
    }

    [Theory]
    [MemberData(nameof(Drawn))]
    public void The_same_seed_gives_the_same_bits_and_another_seed_gives_others(EmbeddingSettings settings)
    {
        Assert.Equal(Create(settings, seed: 3), Create(settings, seed: 3));
        Assert.NotEqual(Create(settings, seed: 3), Create(settings, seed: 4));
    }

    [Theory]
    [InlineData(EmbeddingKind.Prototype)]
    [InlineData(EmbeddingKind.Learned)]
    public void A_W_as_long_as_an_image_may_begin_with_prototypes_whatever_its_kind(EmbeddingKind kind)
    {
        float[] prototypes = [.. Enumerable.Range(0, Classes * Pixels).Select(i => (float)i)];

        float[] w = InitialEmbedding.Create(
            new EmbeddingSettings(kind, Pixels) { Init = EmbeddingInit.Prototype }, Classes, Pixels, 1, () => prototypes);

        Assert.Equal(prototypes, w);
    }

    [Fact]
    public void A_W_of_another_length_that_shall_begin_with_prototypes_is_refused_with_the_length_to_choose()
    {
        NoPropException refusal = Assert.Throws<NoPropException>(
            () => Create(new EmbeddingSettings(EmbeddingKind.Learned) { Init = EmbeddingInit.Prototype }));

        Assert.Contains("learned:64", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prototypes_of_another_size_are_refused() => Assert.Throws<ArgumentException>(
        () => InitialEmbedding.Create(new EmbeddingSettings(EmbeddingKind.Prototype), Classes, Pixels, 1, () => new float[Classes]));

    private static float[] Create(EmbeddingSettings settings, ulong seed = 1) =>
        InitialEmbedding.Create(settings, Classes, Pixels, seed, None);

    private static float[] None() => throw new InvalidOperationException("nobody asked for prototypes");

    private static double[][] Rows(float[] w, int d) => [.. w.Select(value => (double)value).Chunk(d)];

    private static void AssertOrthonormal(double[][] rows)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                // The rounding of W to float32.
                Assert.Equal(i == j ? 1 : 0, rows[i].Zip(rows[j], (a, b) => a * b).Sum(), 1e-6);
            }
        }
    }
}
