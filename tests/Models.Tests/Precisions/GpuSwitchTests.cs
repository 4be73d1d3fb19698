using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Precisions;

/// <summary>The switches that say how this process makes float32 products on GPUs. They are there without a GPU too.</summary>
[Collection(ProcessWideCollection.Name)]
public sealed class GpuSwitchTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();

    public void Dispose()
    {
        Set(products: false, convolutions: true);
        scope.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_GPU_makes_products_and_convolutions_as_it_was_told(bool isTf32)
    {
        Set(products: !isTf32, convolutions: !isTf32);

        TorchRuntime.ComputeOn(new ComputeDevice(DeviceType.CUDA, 0), isTf32);

        Assert.Equal((isTf32, isTf32), (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32));
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Tf32)]
    [InlineData(Precision.Bf16)]
    public void A_block_on_a_CPU_leaves_them_alone(Precision precision)
    {
        Set(products: false, convolutions: true);
        DiscreteTime method = TestData.Method(TestData.Tiny with { Precision = precision });

        using IBlockCompute block = method.CreateBlock(new BlockId(1), null, new ComputeDevice(DeviceType.CPU, 1));
        using Batch batch = TestData.RandomBatch(0);
        block.Step(batch);

        Assert.Equal((false, true), (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32));
    }

    private static void Set(bool products, bool convolutions) => (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (products, convolutions);
}
