using System.Diagnostics;

namespace NoProp.Benchmarks;

/// <summary>Processes of <c>noprop</c>, as a user starts them.</summary>
internal static class Noprop
{
    /// <summary>Runs one to its end.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="arguments">Its command and flags.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="started">Given the process; null for nobody.</param>
    /// <returns>What it wrote to standard error.</returns>
    public static async Task<string> RunAsync(string folder, IEnumerable<string> arguments, CancellationToken stop, Action<Process>? started = null)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "noprop.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        started?.Invoke(process);
        Task<string> output = process.StandardOutput.ReadToEndAsync(stop);
        string error = await process.StandardError.ReadToEndAsync(stop);
        await output;
        await process.WaitForExitAsync(stop);
        return error;
    }
}
