using NoProp.Models.Data;
using Xunit;

namespace NoProp.Models.Tests.Data;

public sealed class AugmentationTests : IDisposable
{
    private const int Count = 64;
    private const int Margin = 4;
    private static readonly ImageShape Shape = new(3, 6, 7);

    private readonly Dataset dataset = Images();

    public void Dispose() => dataset.Dispose();

    [Fact]
    public void Without_augmentation_a_batch_is_what_it_always_was() =>
        Assert.Equal(Batch(Augmentation.None, step: 5), Plain(step: 5));

    [Theory]
    [InlineData(Augmentation.Flip)]
    [InlineData(Augmentation.Crop)]
    [InlineData(Augmentation.Flip | Augmentation.Crop)]
    public void A_step_has_the_same_batch_whatever_was_asked_before(Augmentation augmentation)
    {
        BatchSource wandering = new(dataset, seed: 1, Count, augmentation);
        Read(wandering, 3);
        Read(wandering, 9);

        Assert.Equal(Batch(augmentation, step: 5), Read(wandering, 5));
    }

    [Theory]
    [InlineData(Augmentation.Flip)]
    [InlineData(Augmentation.Crop)]
    public void Two_seeds_change_the_images_differently(Augmentation augmentation)
    {
        float[][] Changes(ulong seed)
        {
            using Dataset one = Images(count: 1);
            return [.. Enumerable.Range(0, 20).Select(step => Read(new BatchSource(one, seed, 1, augmentation), step))];
        }

        Assert.NotEqual(Changes(1), Changes(2));
    }

    [Fact]
    public void Flip_alone_mirrors_about_half_of_the_images_and_leaves_the_others()
    {
        (float[][] before, float[][] after) = (Split(Plain(0)), Split(Batch(Augmentation.Flip, 0)));

        Assert.All(before.Zip(after), pair => Assert.True(pair.Second.SequenceEqual(pair.First) || pair.Second.SequenceEqual(Mirror(pair.First))));
        Assert.InRange(before.Zip(after).Count(pair => !pair.Second.SequenceEqual(pair.First)), Count / 4, 3 * Count / 4);
    }

    [Fact]
    public void Crop_alone_shifts_each_image_by_at_most_the_margin_and_fills_with_black()
    {
        (float[][] before, float[][] after) = (Split(Plain(0)), Split(Batch(Augmentation.Crop, 0)));

        Assert.All(before.Zip(after), pair => Assert.Contains(Shifts(), by => Shift(pair.First, by.Down, by.Right).SequenceEqual(pair.Second)));
    }

    [Fact]
    public void Every_shift_occurs()
    {
        using Dataset one = Images(count: 1);
        BatchSource source = new(one, seed: 1, batchSize: 1, Augmentation.Crop);
        float[][] seen = [.. Enumerable.Range(0, 1000).Select(step => Read(source, step))];

        float[] first = Read(new BatchSource(one, seed: 1, batchSize: 1), 0);
        Assert.All(Shifts(), by => Assert.Contains(seen, found => found.SequenceEqual(Shift(first, by.Down, by.Right))));
    }

    [Fact]
    public void Flip_and_crop_mirror_the_same_images_as_flip_alone()
    {
        (float[][] flipped, float[][] both) = (Split(Batch(Augmentation.Flip, 0)), Split(Batch(Augmentation.Flip | Augmentation.Crop, 0)));

        Assert.All(flipped.Zip(both), pair => Assert.Contains(Shifts(), by => Shift(pair.First, by.Down, by.Right).SequenceEqual(pair.Second)));
    }

    [Fact]
    public void Labels_and_the_data_set_itself_stay_as_they_are()
    {
        byte[] before = [.. dataset.Train.Images.data<byte>()];
        using Batch plain = new BatchSource(dataset, 1, Count).Prepare(2);
        using Batch changed = new BatchSource(dataset, 1, Count, Augmentation.Flip | Augmentation.Crop).Prepare(2);

        Assert.Equal(plain.Labels.data<long>().ToArray(), changed.Labels.data<long>().ToArray());
        Assert.Equal(before, dataset.Train.Images.data<byte>().ToArray());
    }

    // No pixel is black and no two of an image are alike, so a change cannot hide.
    private static Dataset Images(int count = Count)
    {
        byte[] pixels = [.. Enumerable.Range(0, count * Shape.Pixels).Select(i => (byte)(1 + (((i % Shape.Pixels) + (i / Shape.Pixels)) % 255)))];
        ImageSplit Split() => ImageSplit.FromBytes(pixels, new byte[count], Shape);
        return new("images", Shape, 255, ["a"], Split(), Split());
    }

    private static float[] Read(BatchSource source, long step)
    {
        using Batch batch = source.Prepare(step);
        return [.. batch.Images.data<float>()];
    }

    private static float[][] Split(float[] batch) => [.. batch.Chunk(Shape.Pixels)];

    private static IEnumerable<(int Down, int Right)> Shifts() =>
        from down in Enumerable.Range(-Margin, (2 * Margin) + 1)
        from right in Enumerable.Range(-Margin, (2 * Margin) + 1)
        select (down, right);

    private static float[] Mirror(float[] image) => [.. image.Chunk(Shape.Width).SelectMany(row => row.Reverse())];

    private static float[] Shift(float[] image, int down, int right) =>
    [
        .. from channel in Enumerable.Range(0, Shape.Channels)
           from y in Enumerable.Range(down, Shape.Height)
           from x in Enumerable.Range(right, Shape.Width)
           let inside = y >= 0 && y < Shape.Height && x >= 0 && x < Shape.Width
           select inside ? image[(((channel * Shape.Height) + y) * Shape.Width) + x] : -1f,
    ];

    private float[] Plain(long step) => Read(new BatchSource(dataset, seed: 1, Count), step);

    private float[] Batch(Augmentation augmentation, long step) => Read(new BatchSource(dataset, seed: 1, Count, augmentation), step);
}
