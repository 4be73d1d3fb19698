using System.Diagnostics;
using Xunit;

namespace NoProp.Host.Tests.Processes;

/// <summary>A real file system of a few KiB in memory, so that a full disk and a read-only one need not be imitated.</summary>
internal sealed class SmallDisk : IDisposable
{
    private static readonly Lazy<bool> Mountable = new(Probe);

    private readonly TempFolder mountPoint = new();

    public SmallDisk(int kib)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={kib}k", "tmpfs", Path))
        {
            mountPoint.Dispose();
            throw new InvalidOperationException("mount failed");
        }
    }

    public static bool CanMount => Mountable.Value;

    public string Path => mountPoint.Path;

    public string this[string name] => mountPoint[name];

    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", Path), "the disk could not be made read-only");

    public void Dispose()
    {
        if (!Run("umount", Path))
        {
            Run("umount", "-l", Path);
        }

        mountPoint.Dispose();
    }

    private static bool Probe()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return false;
        }

        try
        {
            using SmallDisk disk = new(64);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs a <see cref="SmallDisk"/>, skipped where the account may not mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.CanMount)
        {
            Skip = "needs the right to mount a tmpfs: root on Linux";
        }
    }
}

/// <summary>A test that presses Ctrl-C or reads /proc.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "needs Linux";
        }
    }
}
