using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NoProp.Host.Faults;

/// <summary>Signals and limits of a child process, by its own id.</summary>
internal static class Signals
{
    private const int Stopped = 19;
    private const int Continued = 18;
    private const int Terminated = 15;
    private const int Interrupted = 2;
    private const int FileSize = 1;

    /// <summary>Stops it, as SIGSTOP does: it does not notice.</summary>
    public static void Stop(int process) => Send(process, Stopped);

    /// <summary>Lets it go on.</summary>
    public static void Continue(int process) => Send(process, Continued);

    /// <summary>Asks it to end.</summary>
    public static void Terminate(int process) => Send(process, Terminated);

    /// <summary>Presses Ctrl-C.</summary>
    public static void Interrupt(int process) => Send(process, Interrupted);

    /// <summary>
    /// Lets no file of the process grow, or be written at all: each write fails as it does on a full disk, and pipes and sockets go on. The hard
    /// limit stays, so that the soft one can be lifted again.
    /// </summary>
    /// <param name="process">The process.</param>
    /// <param name="full">Whether, or whether they may again.</param>
    public static void LimitFiles(int process, bool full)
    {
        Limit limit = default;
        if (ReadLimit(process, FileSize, 0, ref limit) == 0)
        {
            limit.Soft = full ? 0 : limit.Hard;
            if (WriteLimit(process, FileSize, ref limit, 0) == 0)
            {
                return;
            }
        }

        throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static void Send(int process, int signal)
    {
        if (Kill(process, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ReadLimit(int process, int resource, nint none, ref Limit limit);

    [DllImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WriteLimit(int process, int resource, ref Limit limit, nint none);

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
