using System.Diagnostics;
using System.Text.Json;
using NoProp.Host.Reproduction.Reports;
using NoProp.Models;

namespace NoProp.Host.Reproduction.Memory;

/// <summary>A fresh process of this command that measures one training: memory that another one has used would count otherwise.</summary>
internal static class MemoryProcess
{
    /// <summary>The hidden verb that measures.</summary>
    public const string Verb = "measure-memory";

    /// <summary>Measures a training.</summary>
    /// <param name="settings">Its settings, each <c>path=value</c>.</param>
    /// <param name="stop">Ends the process.</param>
    /// <exception cref="NoPropException">The process failed; the message is its own.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<MemoryMeasurement> MeasureAsync(IReadOnlyList<string> settings, CancellationToken stop)
    {
        using Process process = Process.Start(StartOf([Verb, .. settings.SelectMany(setting => (string[])["--set", setting])]))
            ?? throw new NoPropException("no process can be started to measure memory in");
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            string output = await process.StandardOutput.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            if (process.ExitCode != 0)
            {
                stop.ThrowIfCancellationRequested();
                string line = (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., string last] ? last : $"exit code {process.ExitCode}";
                throw new NoPropException(line.Replace("error: ", "", StringComparison.Ordinal));
            }

            return ReportJson.Read<MemoryMeasurement>(output);
        }
        catch (JsonException e)
        {
            throw new NoPropException($"the process that measures memory answered something else: {e.Message}", e);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static ProcessStartInfo StartOf(IReadOnlyList<string> arguments)
    {
        string executable = Environment.ProcessPath ?? throw new NoPropException("the path of this command is not known");
        // Run as `dotnet noprop.dll`, the process is dotnet's.
        bool hosted = Path.GetFileNameWithoutExtension(executable) == "dotnet";
        return new(executable, [.. hosted ? (IEnumerable<string>)[typeof(MemoryProcess).Assembly.Location] : [], "reproduce", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
