using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Devices;

public sealed class CudaTests
{
    [Theory]
    [InlineData(false, 0, 0, "cuda:0: this build has no CUDA: build it with `dotnet build -c Release -p:Torch=cuda`, or choose cpu")]
    [InlineData(true, 0, 1, "cuda:1: libtorch finds no CUDA device: see that NVIDIA's driver is there and that CUDA_VISIBLE_DEVICES names a GPU, or choose cpu")]
    [InlineData(true, 1, 1, "cuda:1: there is one CUDA device, cuda:0")]
    [InlineData(true, 4, 4, "cuda:4: there are 4 CUDA devices, cuda:0 to cuda:3")]
    [InlineData(true, 4, 3, null)]
    public void A_GPU_that_cannot_be_used_is_refused_with_what_to_do(bool builtIn, int devices, int index, string? fault) =>
        Assert.Equal(fault, new Cuda(builtIn, devices).Fault(new ComputeDevice(DeviceType.CUDA, index)));

    [Fact]
    public void A_CPU_can_always_be_used() => Assert.Null(new Cuda(IsBuiltIn: false, 0).Fault(new ComputeDevice(DeviceType.CPU, 7)));

    [Fact]
    public void What_is_found_here_agrees_with_the_driver() =>
        Assert.All(Enumerable.Range(0, Cuda.Find().Devices), index => Assert.NotNull(CudaDriver.Find(index)));

    [Fact]
    public void Where_there_is_a_GPU_its_versions_are_known()
    {
        CudaVersions found = CudaVersions.Find();

        Assert.All(Enumerable.Range(0, Cuda.Find().Devices), _ => Assert.All([found.Driver, found.DriverCuda, found.Runtime, found.Cudnn], Assert.NotNull));
    }

    [Fact]
    public void Versions_that_cannot_be_asked_are_said_to_be_unknown()
    {
        Assert.Equal("driver of unknown version; this build has CUDA of unknown version, cuDNN of unknown version", new CudaVersions(null, null, null, null).ToString());
        Assert.Equal("driver 550.54.15, for CUDA up to 12.4; this build has CUDA 12.8, cuDNN 9.8.0", new CudaVersions("550.54.15", "12.4", "12.8", "9.8.0").ToString());
    }
}
