using NoProp.Models.Data;
using NoProp.Models.Embeddings;
using NoProp.Models.Randomness;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Embeddings;

public sealed class PrototypesTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(20, 3, 4, 2)]
    [InlineData(60, 3, 4, 3)]
    [InlineData(61, 2, 3, 256)]
    [InlineData(200, 5, 12, 256)]
    [InlineData(201, 1, 1, 4)]
    public void The_prototypes_are_those_of_the_definition_also_where_distances_tie(int count, int classes, int pixels, int values)
    {
        for (int round = 0; round < 20; round++)
        {
            byte[] images = [.. Enumerable.Range(0, count * pixels).Select(i => (byte)(Draw(round, i) * (uint)values >> 32))];
            byte[] labels =
                [.. Enumerable.Range(0, count).Select(i => (byte)(i < classes ? (uint)i : Draw(round + 100, i) % (uint)classes))];

            Assert.Equal(Reference(images, labels, classes, pixels), Select(images, labels, classes, pixels));
        }
    }

    [Fact]
    public void The_prototypes_of_the_digits_are_those_of_the_definition()
    {
        using Dataset digits = Digits.Load();
        byte[] labels = [.. digits.Train.Labels.data<long>().Select(label => (byte)label)];

        int[] expected = Reference(digits.Train.Images.bytes.ToArray(), labels, digits.Classes, digits.Shape.Pixels);

        Assert.Equal(expected, Prototypes.Select(digits.Train, digits.Classes));
    }

    [Fact]
    public void The_values_of_a_prototype_are_its_image_as_the_network_reads_it()
    {
        using Dataset digits = Digits.Load();
        int[] selected = Prototypes.Select(digits.Train, digits.Classes);

        float[] w = Prototypes.Values(digits);

        byte[] pixels = digits.Train.Images.bytes.ToArray();
        Assert.Equal(digits.Classes * 64, w.Length);
        Assert.All(w.Select((value, i) => (value, i)), entry =>
            Assert.Equal(pixels[selected[entry.i / 64] * 64 + entry.i % 64] / 8f - 1, entry.value, 1e-6f));
    }

    [Fact]
    public void The_median_of_an_even_number_of_distances_is_the_lower_of_the_two_in_the_middle()
    {
        // Distances to the others: 0 has 1, 101; 1 has 1, 100; 101 has 100, 101. A mean of the two would prefer 1 to 0.
        Assert.Equal([0], Select([0, 1, 101], [0, 0, 0], 1, 1));
    }

    [Fact]
    public void An_images_distance_to_itself_does_not_count()
    {
        // The medians of 10 and of 0 are both 10, so the first wins. With itself, that of 0 would be 0.
        Assert.Equal([0], Select([10, 0, 0, 255], [0, 0, 0, 0], 1, 1));
    }

    [Fact]
    public void Large_distances_that_differ_by_one_are_told_apart()
    {
        // Near 6144 * 255^2 = 4e8 float32 knows only every 32nd number. The second and the third image are that far from each other,
        // and the first is farther by 1 from the third.
        const int half = 64 * 64 * 3 / 2;
        byte[] black = new byte[half];
        byte[] white = [.. Enumerable.Repeat((byte)255, half)];

        Assert.Equal([1], Select([.. black, .. white, 0, .. white, .. black, 1, .. black, .. black, 1], [0, 0, 0], 1, 2 * half + 1));
    }

    [Fact]
    public void The_only_image_of_a_class_is_its_prototype()
    {
        Assert.Equal([1, 0, 2], Select([7, 9, 200], [1, 0, 2], 3, 1));
    }

    [Fact]
    public void A_class_without_an_image_is_named_in_the_refusal()
    {
        NoPropException refusal = Assert.Throws<NoPropException>(() => Select([7, 9], [0, 2], 3, 1));

        Assert.Contains("class 1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_class_is_reported_once_and_in_order()
    {
        List<int> reported = [];
        using ImageSplit split = Split([7, 9, 200], [1, 0, 2], 1);

        Prototypes.Select(split, 3, reported.Add);

        Assert.Equal([0, 1, 2], reported);
    }

    [Fact]
    public void A_cancelled_search_ends_before_the_next_class()
    {
        using CancellationTokenSource source = new();
        List<int> reported = [];
        using ImageSplit split = Split([7, 9, 200], [1, 0, 2], 1);

        Assert.Throws<OperationCanceledException>(() => Prototypes.Select(
            split,
            3,
            y =>
            {
                reported.Add(y);
                source.Cancel();
            },
            source.Token));

        Assert.Equal([0], reported);
    }

    [Fact]
    public void A_search_leaves_no_tensor_in_the_scope_of_the_caller()
    {
        using Dataset digits = Digits.Load();
        using DisposeScope inner = NewDisposeScope();

        Prototypes.Values(digits);

        Assert.Equal(0, inner.DisposablesCount);
    }

    private static uint Draw(int round, int i) => Philox.At(TestData.Key(round), (uint)i).X0;

    private static ImageSplit Split(byte[] images, byte[] labels, int pixels) =>
        ImageSplit.FromBytes(images, labels, new ImageShape(1, 1, pixels));

    private static int[] Select(byte[] images, byte[] labels, int classes, int pixels)
    {
        using ImageSplit split = Split(images, labels, pixels);
        return Prototypes.Select(split, classes);
    }

    /// <summary>The definition in whole numbers, pair by pair. The root keeps the order, so squares do.</summary>
    private static int[] Reference(byte[] images, byte[] labels, int classes, int pixels)
    {
        return [.. Enumerable.Range(0, classes).Select(y =>
        {
            int[] members = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] == y)];
            return members.MinBy(i =>
            {
                long[] others = [.. members.Where(j => j != i).Select(j => Squared(images, i, j, pixels)).Order()];
                return others.Length == 0 ? 0 : others[(others.Length - 1) / 2];
            });
        })];
    }

    private static long Squared(byte[] images, int i, int j, int pixels)
    {
        long sum = 0;
        for (int k = 0; k < pixels; k++)
        {
            long difference = images[i * pixels + k] - images[j * pixels + k];
            sum += difference * difference;
        }

        return sum;
    }
}
