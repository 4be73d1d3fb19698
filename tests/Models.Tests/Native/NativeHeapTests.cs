using System.Globalization;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Native;

public class NativeHeapTests
{
    [Fact]
    public void A_freed_tensor_leaves_its_pages_to_the_next_one()
    {
        TorchRuntime.Load();
        const int Bytes = 12_845_056;
        long faults = 0;
        Thread thread = new(() =>
        {
            UseTensors(Bytes);
            long before = PageFaults();
            UseTensors(Bytes);
            faults = PageFaults() - before;
        });
        thread.Start();
        thread.Join();

        Assert.InRange(faults, 0, Bytes / Environment.SystemPageSize);
    }

    // Five tensors of a step at a time, ten times over.
    private static void UseTensors(int bytes)
    {
        for (int i = 0; i < 10; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            for (int k = 0; k < 5; k++)
            {
                _ = ones(bytes / sizeof(float));
            }
        }
    }

    // The tenth field; the second is a name in brackets that may hold blanks.
    private static long PageFaults() =>
        long.Parse(File.ReadAllText("/proc/thread-self/stat").Split(')')[1].Split(' ')[8], CultureInfo.InvariantCulture);
}
