using NoProp.Models.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Data;

public sealed class BatchSourceTests : IDisposable
{
    private readonly Dataset digits = Digits.Load(trainLimit: 20);

    public void Dispose() => digits.Dispose();

    [Fact]
    public void A_batch_holds_the_images_that_the_order_names()
    {
        using Batch batch = new BatchSource(digits, seed: 3, batchSize: 6).Prepare(1);

        float[] pixels = digits.Train.Images.data<byte>().Select(pixel => (pixel / 8f) - 1f).ToArray();
        float[] expected = [.. new BatchOrder(3, 20, 6).Indices(1).ToArray().SelectMany(row => pixels.Skip((int)row * 64).Take(64))];
        Assert.Equal(expected, batch.Images.data<float>().ToArray());
    }

    [Fact]
    public void A_batch_has_the_labels_of_its_images()
    {
        using Batch batch = new BatchSource(digits, seed: 3, batchSize: 6).Prepare(1);

        long[] labels = digits.Train.Labels.data<long>().ToArray();
        Assert.Equal(new BatchOrder(3, 20, 6).Indices(1).ToArray().Select(row => labels[row]), batch.Labels.data<long>().ToArray());
    }

    [Fact]
    public void The_labels_alone_are_those_of_the_batch()
    {
        BatchSource source = new(digits, seed: 3, batchSize: 6);
        using Batch batch = source.Prepare(5);
        using Tensor labels = source.Labels(5);

        Assert.Equal(batch.Labels.data<long>().ToArray(), labels.data<long>().ToArray());
    }

    [Fact]
    public void Images_are_float32_and_labels_int64()
    {
        using Batch batch = new BatchSource(digits, seed: 3, batchSize: 6).Prepare(0);

        Assert.Equal((ScalarType.Float32, ScalarType.Int64), (batch.Images.dtype, batch.Labels.dtype));
    }

    [Fact]
    public void A_batch_outlives_the_scope_it_was_made_in()
    {
        Batch batch;
        using (NewDisposeScope())
        {
            batch = new BatchSource(digits, seed: 3, batchSize: 6).Prepare(0);
        }

        using (batch)
        {
            Assert.False(batch.Images.IsInvalid || batch.Labels.IsInvalid);
        }
    }

    [Fact]
    public void Making_a_batch_leaves_nothing_behind_in_the_scope_of_the_caller()
    {
        using DisposeScope scope = NewDisposeScope();
        BatchSource source = new(digits, seed: 3, batchSize: 6);

        source.Prepare(0).Dispose();
        source.Labels(0).Dispose();

        Assert.Equal(0, scope.DisposablesCount);
    }
}
