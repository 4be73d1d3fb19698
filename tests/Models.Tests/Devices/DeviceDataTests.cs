using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Native;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Devices;

/// <summary>Mini-batches on a device that refuses to mix with the CPU: what makes them is there.</summary>
[Collection(SecondDeviceCollection.Name)]
public sealed class DeviceDataTests(SecondDevice second) : IDisposable
{
    private readonly Dataset digits = Digits.Load(trainLimit: 20);

    public void Dispose() => digits.Dispose();

    [Theory]
    [InlineData(Residence.On, Augmentation.None)]
    [InlineData(Residence.On, Augmentation.Flip | Augmentation.Crop)]
    [InlineData(Residence.Off, Augmentation.None)]
    [InlineData(Residence.Off, Augmentation.Flip | Augmentation.Crop)]
    public void A_batch_has_the_values_that_it_has_on_the_CPU(Residence residence, Augmentation augmentation)
    {
        BatchSource source = new(digits, seed: 3, batchSize: 6, augmentation);
        using DeviceBatches batches = new(source, residence);
        using Batch expected = source.Prepare(4);

        using Batch batch = batches.Prepare(4, second.Device);
        using Tensor labels = batch.Labels.cpu();

        Assert.Equal((second.Device.Type, second.Device.Type), (batch.Images.device_type, batch.Labels.device_type));
        Assert.Equal(expected.Images.Floats(), batch.Images.Floats());
        Assert.Equal(expected.Labels.Bits(), labels.Bits());
    }
}
