using NoProp.Models.Data;
using NoProp.Models.Data.Devices;
using NoProp.Models.Data.Images;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Data;

[Collection(ProcessWideCollection.Name)]
public sealed class DeviceMemoryTests
{
    [Theory]
    [InlineData(Residence.On)]
    [InlineData(Residence.Off)]
    public void Copies_of_the_images_and_batches_give_back_all_their_memory(Residence residence)
    {
        using Dataset digits = Digits.Load(trainLimit: 20);
        BatchSource source = new(digits, seed: 3, batchSize: 6, Augmentation.Flip | Augmentation.Crop);
        Make();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        Make();

        Assert.Equal(before, Tensor.TotalCount);

        void Make()
        {
            using DeviceBatches batches = new(source, residence);
            foreach (ComputeDevice device in (ComputeDevice[])[new(DeviceType.CPU, 1), new(DeviceType.CPU, 2)])
            {
                batches.Prepare(0, device).Dispose();
                batches.Prepare(1, device).Dispose();
            }

            ImageAugmenter.Gather(digits.Train.Images, Augmentation.Flip, seed: 3, step: 0).Dispose();
        }
    }
}
