using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace NoProp.Host.Tests.Processes;

/// <summary>A real process of the command, its output read as it comes. Whatever it does not do in time, it is killed and named.</summary>
internal sealed class NopropProcess : IDisposable
{
    private const int Interrupt = 2;
    private const int Continued = 18;
    private const int Stopped = 19;

    // Of a whole command: far more than any test needs on a slow machine, so that only a hang meets it.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly Process process;
    private readonly string command;
    private readonly CancellationTokenSource deadline = new(Deadline);
    private readonly Channel<string> lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder output = new();
    private readonly Task<string> error;
    private readonly Task reading;

    private NopropProcess(Process process, string command)
    {
        (this.process, this.command) = (process, command);
        error = process.StandardError.ReadToEndAsync(deadline.Token);
        reading = ReadAsync();
    }

    /// <summary>The lines that nobody has waited for yet, as they come, until the process is over.</summary>
    public IAsyncEnumerable<string> Lines => lines.Reader.ReadAllAsync(deadline.Token);

    /// <summary>Starts <c>noprop</c> in a folder.</summary>
    public static NopropProcess Start(string folder, params string[] arguments) => Start(folder, new Dictionary<string, string>(), arguments);

    /// <summary>Starts <c>noprop</c> in a folder with some variables of its own.</summary>
    public static NopropProcess Start(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "noprop.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new NopropProcess(Process.Start(start)!, $"noprop {string.Join(' ', arguments)}");
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<ProcessResult> RunAsync(string folder, params string[] arguments) =>
        RunAsync(folder, new Dictionary<string, string>(), arguments);

    /// <summary>Runs a command with some variables of its own to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using NopropProcess process = Start(folder, environment, arguments);
        return await process.EndAsync();
    }

    /// <summary>Waits for a line of standard output that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        try
        {
            await foreach (string line in Lines)
            {
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw Late($"a line that begins with '{beginning}'");
        }

        throw new InvalidOperationException($"no line begins with '{beginning}': {await EndAsync()}");
    }

    /// <summary>Waits for the end.</summary>
    public async Task<ProcessResult> EndAsync()
    {
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            await reading;
            return new ProcessResult(command, process.ExitCode, output.ToString(), await error);
        }
        catch (OperationCanceledException)
        {
            throw Late("its end");
        }
    }

    /// <summary>Ends the process as a power cut would: it gets no chance to do anything.</summary>
    public Task<ProcessResult> KillAsync()
    {
        process.Kill();
        return EndAsync();
    }

    /// <summary>Presses Ctrl-C.</summary>
    public void PressCtrlC() => Send(Interrupt);

    /// <summary>Stops the process, which does not notice.</summary>
    public void Stop() => Send(Stopped);

    /// <summary>Lets a process that was stopped go on.</summary>
    public void Continue() => Send(Continued);

    private void Send(int signal)
    {
        if (Signal(process.Id, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Bytes of memory that the process has at this moment; null where it is over.</summary>
    public long? ResidentBytes()
    {
        try
        {
            string line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
        deadline.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            output.Append(line).Append('\n');
            lines.Writer.TryWrite(line);
        }

        lines.Writer.Complete();
    }

    private TimeoutException Late(string what)
    {
        process.Kill();
        return new TimeoutException($"`{command}` was killed after {Deadline.TotalMinutes} minutes of waiting for {what}; it had written:\n{output}");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
