using System.Runtime.InteropServices;
using Akka.Actor;
using NoProp.Actors.Faults;
using NoProp.Actors.Hosting;

namespace NoProp.Host.Faults;

/// <summary>A node's process that was started to suffer faults: its files may fail, its connections may be cut, and it ends with who started it.</summary>
internal sealed class FaultyNode
{
    private const int FileSizeExceeded = 25;
    private const nint Ignore = 1;

    private readonly NodeFaults faults;

    /// <summary>From here on a file that may not grow is an error of the write, not the end of the process.</summary>
    /// <param name="key">Who knows it may inject.</param>
    public FaultyNode(string key)
    {
        faults = new(key);
        if (OperatingSystem.IsLinux())
        {
            SetSignal(FileSizeExceeded, Ignore);
        }

        // The pipe closes when the process that holds its other end is over, however it ended: no node outlives it.
        new Thread(() =>
        {
            using Stream input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
            }

            Environment.Exit(1);
        })
        { IsBackground = true }.Start();
    }

    /// <summary>Settings of a node that allows faults.</summary>
    /// <param name="loaded">What it has otherwise.</param>
    /// <param name="cuts">Whether it can be cut off from others.</param>
    public static LoadedSettings Allow(LoadedSettings loaded, bool cuts) => loaded with { Config = NodeFaults.Config(cuts).WithFallback(loaded.Config) };

    /// <summary>Gives an actor system what still holds.</summary>
    public void Apply(ActorSystem system) => faults.Apply(system);

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetSignal(int signal, nint handler);
}
