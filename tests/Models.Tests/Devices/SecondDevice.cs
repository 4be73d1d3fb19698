using System.Runtime.InteropServices;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Models.Tests.Devices;

/// <summary>
/// A device beside the CPU on every machine: libtorch's lazy one, whose numbers the CPU works out when they are asked for. As on a GPU its
/// memory cannot be read as the CPU's, and an operation on tensors of two devices raises; so a step that runs there has all it needs there.
/// </summary>
public sealed unsafe class SecondDevice
{
    // libtorch's number of it, which TorchSharp has no name for.
    private const DeviceType Lazy = (DeviceType)17;

    // void torch::lazy::InitTorchScriptBackend()
    private const string Start = "_ZN5torch4lazy22InitTorchScriptBackendEv";

    /// <summary>Begins it, once for all tests that use it.</summary>
    public SecondDevice()
    {
        TorchRuntime.Load();
        IntPtr library = NativeLibrary.Load("libtorch_cpu.so", typeof(torch).Assembly, DllImportSearchPath.AssemblyDirectory);
        ((delegate* unmanaged<void>)NativeLibrary.GetExport(library, Start))();
    }

    /// <summary>The device.</summary>
    public ComputeDevice Device { get; } = new(Lazy, 0);
}

/// <summary>Tests that use it.</summary>
[CollectionDefinition(Name)]
public sealed class SecondDeviceCollection : ICollectionFixture<SecondDevice>
{
    public const string Name = "second device";
}
