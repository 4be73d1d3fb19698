using System.Globalization;
using NoProp.Models;

namespace NoProp.Host.Reproduction.Memory;

/// <summary>Memory of this process at one moment.</summary>
/// <param name="Resident">Resident set, in bytes (VmRSS).</param>
/// <param name="Peak">Largest resident set since the process began or the peak was reset, in bytes (VmHWM).</param>
internal sealed record MemoryReading(long Resident, long Peak)
{
    /// <summary>Reads the text of <c>/proc/PID/status</c>.</summary>
    /// <exception cref="NoPropException">It lacks one of the two lines.</exception>
    public static MemoryReading Parse(string status) => new(Bytes(status, "VmRSS:"), Bytes(status, "VmHWM:"));

    private static long Bytes(string status, string name)
    {
        string? line = status.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line?.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries) is [_, string kilobytes, "kB"]
            && long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? 1024 * value
            : throw new NoPropException($"the kernel does not tell the memory of this process: /proc/self/status has no {name.TrimEnd(':')}");
    }
}

/// <summary>What a piece of work added to the memory of this process.</summary>
/// <param name="Baseline">Resident set just before the work, in bytes.</param>
/// <param name="Peak">Largest resident set during the work, in bytes.</param>
internal sealed record MemoryUse(long Baseline, long Peak)
{
    /// <summary>What the work needed at its peak, in bytes; never negative.</summary>
    public long Added => Math.Max(0, Peak - Baseline);
}

/// <summary>
/// Measures the peak by the kernel's own account, so that no sample is missed. Freed pages stay with the process (TorchRuntime.Load), which
/// makes the resident set after a piece of work as large as its peak; only the difference of a peak and a baseline in a fresh process says
/// what one method needs.
/// </summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status";
    private const string ClearReferences = "/proc/self/clear_refs";

    // See proc(5): 5 sets the peak to the present resident set.
    private const string ResetPeak = "5";

    /// <summary>Runs the work and measures it. Meant for a process that does nothing else.</summary>
    /// <exception cref="NoPropException">The system has no such account: it is not Linux.</exception>
    public static async Task<MemoryUse> OfAsync(Func<Task> work)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        TryResetPeak();
        long baseline = Read().Resident;
        await work();
        return new(baseline, Read().Peak);
    }

    /// <summary>The present reading.</summary>
    /// <exception cref="NoPropException">As above.</exception>
    public static MemoryReading Read()
    {
        try
        {
            return MemoryReading.Parse(File.ReadAllText(Status));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NoPropException($"memory is measured on Linux only: {Status} cannot be read", e);
        }
    }

    // Without it the peak may be one of the start of the process; then the figure is too large, never too small.
    private static void TryResetPeak()
    {
        try
        {
            File.WriteAllText(ClearReferences, ResetPeak);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
