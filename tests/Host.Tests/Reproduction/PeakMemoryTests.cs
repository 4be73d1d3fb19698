using NoProp.Host.Reproduction.Memory;
using NoProp.Host.Tests.Processes;
using NoProp.Models;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>The account of memory.</summary>
public sealed class PeakMemoryTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public void A_reading_is_in_bytes() =>
        Assert.Equal(new MemoryReading(Resident: 2 * 1024, Peak: 3 * 1024), MemoryReading.Parse("Name:\tnoprop\nVmHWM:\t       3 kB\nVmRSS:\t       2 kB\n"));

    [Theory]
    [InlineData("VmRSS:\t2 kB\n", "VmHWM")]
    [InlineData("VmHWM:\t2 kB\nVmRSS:\tmuch kB\n", "VmRSS")]
    [InlineData("", "VmRSS")]
    public void A_reading_without_its_lines_is_refused(string status, string name) =>
        Assert.Contains(name, Assert.Throws<NoPropException>(() => MemoryReading.Parse(status)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_work_added_is_never_negative() => Assert.Equal(0, new MemoryUse(Baseline: 5, Peak: 3).Added);

    [LinuxFact]
    public async Task Memory_that_was_freed_before_the_end_counts()
    {
        MemoryUse use = await PeakMemory.OfAsync(() =>
        {
            Touch(64 * Megabyte);
            GC.Collect();
            return Task.CompletedTask;
        });

        Assert.InRange(use.Added, 60L * Megabyte, 1024L * Megabyte);
    }

    [LinuxFact]
    public async Task A_peak_before_the_work_does_not_count()
    {
        Touch(128 * Megabyte);
        MemoryUse use = await PeakMemory.OfAsync(() => Task.CompletedTask);

        Assert.InRange(use.Added, 0, 64L * Megabyte);
    }

    private static void Touch(int bytes)
    {
        byte[] memory = new byte[bytes];
        for (int i = 0; i < bytes; i += 1024)
        {
            memory[i] = 1;
        }

        GC.KeepAlive(memory);
    }
}
