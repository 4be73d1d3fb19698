using System.Diagnostics;
using System.Globalization;

namespace NoProp.Benchmarks.Serving;

/// <summary><c>noprop serve</c> in a process of its own.</summary>
internal sealed class NopropServer : IDisposable
{
    private readonly Process process;

    private NopropServer(Process process, Uri address) => (this.process, Address) = (process, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Memory that it has at this moment.</summary>
    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<NopropServer> StartAsync(string folder, string run, CancellationToken stop)
    {
        Process process = Start(folder, ["serve", run, "--listen", "127.0.0.1:0"]);
        _ = process.StandardError.ReadToEndAsync(stop);
        while (await process.StandardOutput.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("http://", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(stop);
                return new(process, new Uri(line));
            }
        }

        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"noprop serve has ended with {process.ExitCode}"));
    }

    /// <summary>Waits until it can answer.</summary>
    public async Task ReadyAsync(CancellationToken stop)
    {
        using HttpClient http = new() { BaseAddress = Address };
        while (!(await http.GetAsync(new Uri("readyz", UriKind.Relative), stop)).IsSuccessStatusCode)
        {
            await Task.Delay(100, stop);
        }
    }

    /// <summary>Runs a command to its end, or kills it.</summary>
    /// <returns>CPU time that it took.</returns>
    public static async Task<TimeSpan> RunAsync(string folder, string[] arguments, CancellationToken stop)
    {
        using Process process = Start(folder, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        TimeSpan cpu = TimeSpan.Zero;
        try
        {
            while (!process.WaitForExit(0))
            {
                // Of a process that is over nobody knows it any more.
                cpu = process.HasExited ? cpu : process.TotalProcessorTime;
                await Task.Delay(20, stop);
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        await output;
        return process.ExitCode == 0 ? cpu : throw new InvalidOperationException($"noprop {string.Join(' ', arguments)}: {await error}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static Process Start(string folder, string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "noprop.dll"), .. arguments])
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
