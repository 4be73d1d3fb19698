using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Devices;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData("cpu", DeviceType.CPU, 0, "cpu")]
    [InlineData("cpu:0", DeviceType.CPU, 0, "cpu")]
    [InlineData("cpu:1", DeviceType.CPU, 1, "cpu:1")]
    [InlineData("cuda", DeviceType.CUDA, 0, "cuda:0")]
    [InlineData("cuda:12", DeviceType.CUDA, 12, "cuda:12")]
    public void A_name_is_read_as_PyTorch_does(string text, DeviceType type, int index, string written)
    {
        Assert.True(ComputeDevice.TryParse(text, out ComputeDevice device));
        Assert.Equal(new ComputeDevice(type, index), device);
        Assert.Equal(written, device.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("gpu")]
    [InlineData("CUDA:0")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:01")]
    [InlineData("cuda:1000")]
    [InlineData(" cuda:0")]
    [InlineData("meta")]
    public void Anything_else_is_no_device(string? text) => Assert.False(ComputeDevice.TryParse(text, out _));

    [Fact]
    public void Every_CPU_is_the_one_that_libtorch_knows() => Assert.Equal(torch.CPU, new ComputeDevice(DeviceType.CPU, 3).Torch);
}
