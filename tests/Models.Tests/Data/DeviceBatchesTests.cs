using System.Runtime.InteropServices;
using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Data.Images;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Data;

/// <summary>Mini-batches on devices; a second CPU stands in for a GPU.</summary>
public sealed class DeviceBatchesTests : IDisposable
{
    private const Augmentation Both = Augmentation.Flip | Augmentation.Crop;

    private static readonly ComputeDevice StandIn = new(DeviceType.CPU, 1);
    private static readonly ComputeDevice Meta = new(DeviceType.META, 0);

    private readonly Dataset digits = Digits.Load(trainLimit: 20);

    public void Dispose() => digits.Dispose();

    [Theory]
    [InlineData(Residence.On, Augmentation.None)]
    [InlineData(Residence.On, Both)]
    [InlineData(Residence.Off, Augmentation.None)]
    [InlineData(Residence.Off, Both)]
    [InlineData(Residence.Auto, Both)]
    public void A_batch_has_the_same_bits_wherever_the_images_are(Residence residence, Augmentation augmentation)
    {
        BatchSource source = new(digits, seed: 3, batchSize: 6, augmentation);
        using DeviceBatches batches = new(source, residence);
        using Batch expected = source.Prepare(4);

        using Batch batch = batches.Prepare(4, StandIn);

        AssertEqual(expected, batch);
    }

    [Fact]
    public void Images_that_are_handed_over_give_the_same_bits()
    {
        using Batch expected = new BatchSource(digits, seed: 3, batchSize: 6, Both).Prepare(4);
        using ImageSplit raw = new BatchSource(digits, seed: 3, batchSize: 6).Pixels(4);
        using DeviceBatches batches = new(new BatchSource(DataDescription.Of(digits), seed: 3, batchSize: 6, Both), Residence.On);

        using Batch batch = batches.Prepare(4, raw.Images.bytes, MemoryMarshal.AsBytes<long>(raw.Labels.data<long>().ToArray()), StandIn);

        AssertEqual(expected, batch);
    }

    [Theory]
    [InlineData(Residence.On, true)]
    [InlineData(Residence.Off, false)]
    public void A_device_reads_a_copy_of_its_own_where_the_images_are_resident(Residence residence, bool own)
    {
        BatchSource source = new(digits, seed: 3, batchSize: 6);
        using DeviceBatches batches = new(source, residence);
        batches.Prepare(0, StandIn).Dispose();
        using Batch before = source.Prepare(1);

        digits.Train.Images.zero_();
        using Batch after = batches.Prepare(1, StandIn);

        Assert.Equal(own, before.Images.Bits().SequenceEqual(after.Images.Bits()));
    }

    [Fact]
    public void The_CPU_reads_the_data_set_itself()
    {
        BatchSource source = new(digits, seed: 3, batchSize: 6);
        using DeviceBatches batches = new(source, Residence.On);
        batches.Prepare(0, ComputeDevice.Cpu).Dispose();

        digits.Train.Images.zero_();
        using Batch batch = batches.Prepare(1, ComputeDevice.Cpu);

        Assert.All(batch.Images.Values(), value => Assert.Equal(-1, value));
    }

    // What is on the meta device has no values, so whoever asks for one gets an exception.
    [Fact]
    public void Nothing_is_read_from_the_device_to_make_a_batch_there()
    {
        using DeviceBatches batches = new(new BatchSource(digits, seed: 3, batchSize: 6, Both), Residence.Off);

        using Batch batch = batches.Prepare(0, Meta);

        Assert.Equal((DeviceType.META, DeviceType.META, ScalarType.Float32), (batch.Images.device_type, batch.Labels.device_type, batch.Images.dtype));
    }

    [Fact]
    public void Nothing_is_read_from_the_device_to_change_images_there()
    {
        using DisposeScope scope = TestData.OneThreadScope();

        Tensor changed = ImageAugmenter.Gather(digits.Train.Images.to(Meta.Torch), Both, seed: 9, step: 1);

        Assert.Equal((DeviceType.META, ScalarType.Byte), (changed.device_type, changed.dtype));
    }

    [Theory]
    [InlineData(Augmentation.Flip)]
    [InlineData(Augmentation.Crop)]
    [InlineData(Both)]
    public void Images_are_changed_alike_by_a_device_and_by_the_CPU(Augmentation augmentation)
    {
        using DisposeScope scope = TestData.OneThreadScope();
        Tensor images = tensor(Enumerable.Range(0, 64 * 3 * 6 * 7).Select(i => (byte)((i * 37) % 251)).ToArray()).reshape(64, 3, 6, 7);

        Assert.All(Enumerable.Range(0, 5), step => Assert.Equal(
            ImageAugmenter.Apply(images, augmentation, seed: 9, step).Bits(), ImageAugmenter.Gather(images, augmentation, seed: 9, step).Bits()));
    }

    [Theory]
    [InlineData(Residence.Auto, "cuda:1", 25, true)]
    [InlineData(Residence.Auto, "cuda:1", 26, false)]
    [InlineData(Residence.Auto, "cuda:0", 1, false)]
    [InlineData(Residence.Auto, "cpu:1", 1, false)]
    [InlineData(Residence.On, "cuda:0", 1000, true)]
    [InlineData(Residence.On, "cpu:1", 1000, true)]
    [InlineData(Residence.On, "cpu", 1, false)]
    [InlineData(Residence.Off, "cuda:1", 1, false)]
    public void A_device_has_the_images_if_it_is_told_to_or_is_a_GPU_with_four_times_their_room(Residence residence, string name, long bytes, bool holds)
    {
        Assert.True(ComputeDevice.TryParse(name, out ComputeDevice device));

        Assert.Equal(holds, residence.Holds(device, bytes, index => index == 1 ? 100 : null));
    }

    [Fact]
    public void A_device_that_cannot_take_the_images_is_named_with_what_to_do()
    {
        using DeviceBatches batches = new(new BatchSource(digits, seed: 3, batchSize: 6), Residence.On);

        NoPropException e = Assert.Throws<NoPropException>(() => batches.Prepare(0, new ComputeDevice(DeviceType.HIP, 2)));

        Assert.StartsWith("hip:2 cannot take the training images, 0 MB (", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("): set noprop.data.resident = off", e.Message, StringComparison.Ordinal);
    }

    private static void AssertEqual(Batch expected, Batch actual)
    {
        Assert.Equal(expected.Step, actual.Step);
        Assert.Equal(expected.Images.Bits(), actual.Images.Bits());
        Assert.Equal(expected.Labels.Bits(), actual.Labels.Bits());
    }
}
